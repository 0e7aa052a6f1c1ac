//! kubectl as a user sees it: the command line, then what it says.

use anyhow::{Result, bail};
use e2e::ControlPlane;
use tokio::process::Command;

/// Where the commands run, so that they can be copied as they are shown.
pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Runs kubectl with the rights of the admin.
pub(crate) struct Kubectl<'a> {
    control_plane: &'a ControlPlane,
}

impl<'a> Kubectl<'a> {
    pub(crate) fn new(control_plane: &'a ControlPlane) -> Self {
        Self { control_plane }
    }

    /// Shows a command and its output. It must succeed.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<()> {
        if !self.show(arguments).await? {
            bail!("`{}` failed", line(arguments));
        }
        Ok(())
    }

    /// Shows a command whose answer must be no.
    pub(crate) async fn refused(&self, arguments: &[&str]) -> Result<()> {
        if self.show(arguments).await? {
            bail!("`{}` should have been refused", line(arguments));
        }
        Ok(())
    }

    async fn show(&self, arguments: &[&str]) -> Result<bool> {
        println!("   $ {}", line(arguments));
        let mut command = Command::from(self.control_plane.kubectl()?);
        // Files are named as seen from the root of the repository, as a reader would.
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

/// The command as one would type it.
fn line(arguments: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@".contains(c);
    let quoted = arguments
        .iter()
        .map(|argument| if argument.chars().all(plain) { (*argument).to_owned() } else { format!("'{argument}'") });
    std::iter::once("kubectl".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}
