//! The test's end of the [supervisor process](crate::supervise()).

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::programs;
use crate::supervise::{Parts, READY};

const PROGRAM: &str = "control-plane";

/// Its flag for the parts of a control plane.
fn flag(parts: Parts) -> Option<&'static str> {
    match parts {
        Parts::All => None,
        Parts::ForNode => Some("--for-node"),
        Parts::Storage => Some("--storage-only"),
    }
}

/// A running supervisor. Dropping it ends the control plane and waits until nothing of it is left.
pub(crate) struct Supervisor {
    child: Child,
    /// Its end tells the supervisor to end.
    lifeline: Option<ChildStdin>,
    /// The supervisor removes it; dropping it here makes sure even if the supervisor was killed.
    dir: TempDir,
}

impl Supervisor {
    /// Starts a control plane and waits until it's ready.
    pub(crate) async fn start(parts: Parts) -> Result<Self> {
        let mut supervisor = Self::spawn(parts)?;
        let output = supervisor.child.stdout.take().context("the supervisor has no output")?;
        // When this future is dropped, so is the supervisor, whose end lets the reading thread end.
        tokio::task::spawn_blocking(move || wait_until_ready(output)).await??;
        Ok(supervisor)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn spawn(parts: Parts) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("control-plane-")
            // There are keys in it.
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let mut child = Command::new(programs::beside_this_one(PROGRAM)?)
            .arg("supervise")
            .args(flag(parts))
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C on a terminal reaches the whole group of the test, and should not reach this.
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
        // Killed itself, it could not end its programs. They are in its process group, whose number is
        // its own; an ordinary end, with a code, leaves none.
        if ended.is_ok_and(|status| status.code().is_none()) {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
        }
    }
}

/// The supervisor says one word when all is well, and otherwise why not.
fn wait_until_ready(output: ChildStdout) -> Result<()> {
    let mut output = BufReader::new(output);
    let mut report = String::new();
    output.read_line(&mut report)?;
    if report.trim_end() == READY {
        return Ok(());
    }
    output.read_to_string(&mut report)?;
    bail!("the control plane didn't start: {}", report.trim_end())
}
