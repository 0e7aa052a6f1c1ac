//! Runs a command and reports why it failed.

use anyhow::{Result, ensure};
use tokio::process::Command;

pub(super) async fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), complaint.trim_end());
    Ok(())
}
