//! Starts and stops the [supervisor process](crate::supervise()) from a test process.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::parts::Parts;
use crate::programs;
use crate::supervise::READY;

const PROGRAM: &str = "control-plane";

/// The command-line flag for the parts of a control plane.
fn flag(parts: Parts) -> Option<&'static str> {
    match parts {
        Parts::All => None,
        Parts::ForNode => Some("--for-node"),
        Parts::WithoutStreaming => Some("--without-streaming"),
        Parts::Storage => Some("--storage-only"),
    }
}

/// A running supervisor. Dropping it stops the control plane and waits until all its processes have exited.
pub(crate) struct Supervisor {
    child: Child,
    /// Closing it makes the supervisor exit.
    lifeline: Option<ChildStdin>,
    /// The supervisor removes it; dropping it here also covers a killed supervisor.
    dir: TempDir,
}

impl Supervisor {
    /// Starts a control plane and waits until it is ready.
    pub(crate) async fn start(parts: Parts) -> Result<Self> {
        let mut supervisor = Self::spawn(parts)?;
        let output = supervisor.child.stdout.take().context("the supervisor has no output")?;
        // Dropping this future drops the supervisor too; its exit closes the pipe and ends the reading thread.
        tokio::task::spawn_blocking(move || wait_until_ready(output)).await??;
        Ok(supervisor)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn spawn(parts: Parts) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("control-plane-")
            // It contains private keys.
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let mut child = Command::new(programs::beside_this_one(PROGRAM)?)
            .arg("supervise")
            .args(flag(parts))
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C on a terminal signals the whole process group of the test and must not reach the supervisor.
            .process_group(0)
            .spawn()
            .context("cannot start the supervisor")?;
        let lifeline = child.stdin.take();
        Ok(Self { child, lifeline, dir })
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let ended = self.child.wait();
        // A killed supervisor has no exit code and leaves its programs running. They are in its process group, whose id is
        // the supervisor's process id.
        if ended.is_ok_and(|status| status.code().is_none()) {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
        }
    }
}

/// The supervisor prints [`READY`], or the reason of its failure.
fn wait_until_ready(output: ChildStdout) -> Result<()> {
    let mut output = BufReader::new(output);
    let mut report = String::new();
    output.read_line(&mut report)?;
    if report.trim_end() == READY {
        return Ok(());
    }
    output.read_to_string(&mut report)?;
    bail!("the control plane did not start: {}", report.trim_end())
}
