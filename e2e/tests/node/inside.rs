//! Runs a program of a pod's image in the pod, as the pod's user.

use std::path::Path;
use std::process::Stdio;

use anyhow::Result;
use tokio::process::Command;

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    /// Standard output and standard error.
    pub(crate) output: String,
}

/// Runs a program in the network of one process (`/proc/<pid>`) and with the files of another, which may be the same.
pub(crate) async fn run(
    network: &Path,
    files: &Path,
    user: u32,
    environment: &[(&str, &str)],
    command: &[&str],
) -> Result<Ended> {
    let network = format!("--net={}/ns/net", network.display());
    let files = format!("--mount={}/ns/mnt", files.display());
    let output = Command::new("nsenter")
        .args([network, files, format!("--setuid={user}"), format!("--setgid={user}")])
        .arg("--")
        .args(command)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Ended { succeeded: output.status.success(), output: String::from_utf8_lossy(&text).trim_end().to_owned() })
}
