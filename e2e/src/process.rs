//! A running program and its log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures::future::select_all;
use tokio::process::{Child, Command};
use tokio::select;
use tokio::time::timeout;

use crate::programs::Program;
use crate::wait::until;

/// Log lines in error messages; the reason for an exit is at the end.
const TAIL_LINES: usize = 15;

/// The default `terminationGracePeriodSeconds` of a pod.
const PATIENCE: Duration = Duration::from_secs(30);

/// Generous: a busy CI machine takes several times as long as an idle one.
const START_LIMIT: Duration = Duration::from_mins(2);

/// The log file of a program that was started in `dir`.
pub(crate) fn log(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.log"))
}

/// The id of the process that was started last under this name in `dir`.
pub(crate) fn id(dir: &Path, name: &str) -> Result<u32> {
    let file = id_file(dir, name);
    let id = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(id.parse()?)
}

fn id_file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.pid"))
}

/// A started program. Dropping it kills the program; [`Process::stop`] also waits for its exit.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program that writes its output to `<name>.log` in `dir`.
    pub(crate) fn start(program: &Program, dir: &Path) -> Result<Self> {
        let name = program.name;
        let log = log(dir, name);
        let output = File::create(&log)?;
        let child = Command::new(&program.path)
            .args(&program.arguments)
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.path.display()))?;
        if let Some(id) = child.id() {
            std::fs::write(id_file(dir, name), id.to_string())?;
        }
        Ok(Self { name, child, log })
    }

    /// Completes when the program exits by itself, with the reason.
    pub(crate) async fn ended(&mut self) -> anyhow::Error {
        match self.child.wait().await {
            Ok(status) => anyhow!("{} exited ({status}). {}", self.name, self.tail()),
            Err(error) => error.into(),
        }
    }

    /// The end of the log, for error messages.
    pub(crate) fn tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(TAIL_LINES).collect();
        let lines: Vec<&str> = lines.into_iter().rev().collect();
        format!("The end of its log {}:\n{}", self.log.display(), lines.join("\n"))
    }

    /// The log file.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Sends SIGTERM and waits until the program exits.
    pub(crate) async fn terminate(mut self) -> Result<ExitStatus> {
        self.signal("TERM").await?;
        self.exits().await
    }

    /// Sends a signal, given by its name.
    pub(crate) async fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().with_context(|| format!("{} has already exited. {}", self.name, self.tail()))?;
        let status = Command::new("kill").args(["-s", signal, &id.to_string()]).status().await?;
        if !status.success() {
            bail!("{} got no signal {signal}", self.name);
        }
        Ok(())
    }

    /// Waits until the program exits by itself.
    pub(crate) async fn exits(&mut self) -> Result<ExitStatus> {
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("{} did not exit within {} s. {}", self.name, PATIENCE.as_secs(), self.tail()),
        }
    }

    /// Kills the program and waits for its exit. Its data is discarded, so it needs no graceful shutdown.
    pub(crate) async fn stop(mut self) {
        // This fails only when the program has already exited.
        let _ = self.child.kill().await;
    }
}

/// Waits for `condition`. Fails early when one of the programs exits.
pub(crate) async fn ready(
    processes: &mut [Process],
    what: &str,
    mut condition: impl AsyncFnMut() -> Option<()>,
) -> Result<()> {
    let outcome = {
        let ended = select_all(processes.iter_mut().map(|process| Box::pin(process.ended())));
        select! {
            outcome = until(what, START_LIMIT, async || Ok(condition().await)) => outcome,
            (error, ..) = ended => return Err(error),
        }
    };
    // The program that was started last is the one that is not ready.
    outcome.map_err(|error| {
        let log = processes.last().map(Process::tail).unwrap_or_default();
        anyhow!("{error:#}. {log}")
    })
}
