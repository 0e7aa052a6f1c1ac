//! Installs the operator as a pod, as the README describes.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tokio::task::spawn_blocking;

use super::image;
use super::registry::REGISTRY;
use crate::control_plane::ControlPlane;
use crate::operator;

/// The image in the manifest, a placeholder.
const PLACEHOLDER: &str = "registry.example.com/hardened-app:0.1.0";

/// Installs the operator with an image of the node's registry, and waits until its pod is ready.
///
/// # Errors
/// When the API server rejects an object, or when the pod doesn't become ready.
pub async fn install(control_plane: &ControlPlane) -> Result<()> {
    let manifest = operator::manifest()?;
    ensure!(manifest.contains(PLACEHOLDER), "the manifest no longer contains {PLACEHOLDER}");
    let manifest = manifest.replace(PLACEHOLDER, &format!("{REGISTRY}/{}", image::OPERATOR));
    let mut apply = control_plane.kubectl()?;
    apply.args(["apply", "--server-side", "-f", "-"]);
    let mut rollout = control_plane.kubectl()?;
    rollout.args(["-n", "hardened-system", "rollout", "status", "deployment/hardened-app", "--timeout=90s"]);
    // On a blocking thread, so that the node's registry can respond meanwhile.
    spawn_blocking(move || {
        run(apply, &manifest).context("cannot install the operator")?;
        run(rollout, "").context("the operator's pod doesn't become ready")
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
