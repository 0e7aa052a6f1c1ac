//! Runs kubectl and prints the command line and its output.

use anyhow::{Result, bail};
use e2e::ControlPlane;
use tokio::process::Command;

/// The working directory of the commands: so a reader can copy them as printed.
pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Runs kubectl with the rights of the admin.
pub(crate) struct Kubectl<'a> {
    control_plane: &'a ControlPlane,
}

impl<'a> Kubectl<'a> {
    pub(crate) fn new(control_plane: &'a ControlPlane) -> Self {
        Self { control_plane }
    }

    /// Runs a command that must succeed; prints it and its output.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<()> {
        if !self.show(arguments).await? {
            bail!("`{}` failed", line(arguments));
        }
        Ok(())
    }

    /// Runs a command that must fail; prints it and its output.
    pub(crate) async fn refused(&self, arguments: &[&str]) -> Result<()> {
        if self.show(arguments).await? {
            bail!("`{}` should have failed", line(arguments));
        }
        Ok(())
    }

    async fn show(&self, arguments: &[&str]) -> Result<bool> {
        println!("   $ {}", line(arguments));
        let mut command = Command::from(self.control_plane.kubectl()?);
        // The arguments name files relative to the root of the repository.
        command.args(arguments).current_dir(REPOSITORY).kill_on_drop(true);
        let output = command.output().await?;
        for text in [&output.stdout, &output.stderr] {
            for line in String::from_utf8_lossy(text).lines() {
                println!("   {line}");
            }
        }
        Ok(output.status.success())
    }
}

/// The command line, quoted where necessary.
fn line(arguments: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@".contains(c);
    let quoted = arguments
        .iter()
        .map(|argument| if argument.chars().all(plain) { (*argument).to_owned() } else { format!("'{argument}'") });
    std::iter::once("kubectl".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}
