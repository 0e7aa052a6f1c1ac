//! The operator as a pod, installed as the README says.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tokio::task::spawn_blocking;

use super::image;
use super::registry::REGISTRY;
use crate::control_plane::ControlPlane;
use crate::operator;

/// The placeholder in the manifest.
const PLACEHOLDER: &str = "registry.example.com/hardened-app:0.1.0";

/// Installs the operator with an image of one's own, and waits until its pod serves.
///
/// # Errors
/// When the API server refuses something, or when the pod doesn't get ready.
pub async fn install(control_plane: &ControlPlane) -> Result<()> {
    let manifest = operator::manifest()?;
    ensure!(manifest.contains(PLACEHOLDER), "the installation no longer names {PLACEHOLDER}");
    let manifest = manifest.replace(PLACEHOLDER, &format!("{REGISTRY}/{}", image::OPERATOR));
    let mut apply = control_plane.kubectl()?;
    apply.args(["apply", "--server-side", "-f", "-"]);
    let mut rollout = control_plane.kubectl()?;
    rollout.args(["-n", "hardened-system", "rollout", "status", "deployment/hardened-app", "--timeout=90s"]);
    // On a thread of its own: the node's registry goes on answering.
    spawn_blocking(move || {
        run(apply, &manifest).context("cannot install the operator")?;
        run(rollout, "").context("the operator's pod doesn't get ready")
    })
    .await?
}

fn run(mut command: Command, input: &str) -> Result<()> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(())
}
