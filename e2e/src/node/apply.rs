//! Applies manifests with kubectl.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tokio::task::spawn_blocking;

use crate::control_plane::ControlPlane;

/// Applies a manifest and waits until a Deployment of it is available.
pub(super) async fn apply(control_plane: &ControlPlane, manifest: String, deployment: (&str, &str)) -> Result<()> {
    let mut apply = control_plane.kubectl()?;
    // A test may have changed what is applied again.
    apply.args(["apply", "--server-side", "--force-conflicts", "-f", "-"]);
    let (namespace, name) = deployment;
    let mut rollout = control_plane.kubectl()?;
    rollout.args(["-n", namespace, "rollout", "status", &format!("deployment/{name}"), "--timeout=90s"]);
    let what = format!("{namespace}/{name}");
    // On a blocking thread, so that the node's registry can respond meanwhile.
    spawn_blocking(move || {
        run(apply, &manifest).with_context(|| format!("cannot install {what}"))?;
        run(rollout, "").with_context(|| format!("the pods of {what} don't become ready"))
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
