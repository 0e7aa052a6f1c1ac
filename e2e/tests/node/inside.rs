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

/// Runs a program in the namespaces of a process (`/proc/<pid>`).
pub(crate) async fn run(process: &Path, user: u32, environment: &[(&str, &str)], command: &[&str]) -> Result<Ended> {
    let namespace = |kind: &str, name: &str| format!("--{kind}={}/ns/{name}", process.display());
    let output = Command::new("nsenter")
        .args([
            namespace("net", "net"),
            namespace("mount", "mnt"),
            format!("--setuid={user}"),
            format!("--setgid={user}"),
        ])
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
