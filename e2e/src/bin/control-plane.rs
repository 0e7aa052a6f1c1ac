//! Runs a command with a control plane of its own: `control-plane exec -- cargo test -p e2e`.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Parts};
use tokio::process::{Child, Command};
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// How long an interrupted command may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// A Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start a control plane, run a command that finds it in its environment, and end it.
    Exec {
        /// Install the operator and run it for as long as the command.
        #[arg(long)]
        operator: bool,
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Own the programs of a control plane until standard input ends.
    #[command(hide = true)]
    Supervise {
        /// Leave out the controller manager.
        #[arg(long)]
        storage_only: bool,
        /// Its folder.
        dir: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Arguments::parse().action {
        Action::Exec { operator, command } => exec(operator, &command).await.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }),
        Action::Supervise { storage_only, dir } => {
            let parts = if storage_only { Parts::Storage } else { Parts::All };
            match e2e::supervise(&dir, parts).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    // The parent shows it; if that's gone there is nobody to tell.
                    let _ = write!(std::io::stdout(), "{error:#}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

async fn exec(with_operator: bool, command: &[OsString]) -> Result<ExitCode> {
    let mut stop = Stop::new()?;
    eprintln!("starting the control plane …");
    let begin = Instant::now();
    let control_plane = select! {
        started = ControlPlane::start() => started?,
        signal = stop.asked() => return Ok(code_of_signal(signal)),
    };
    eprintln!("the control plane is ready after {:.1} s", begin.elapsed().as_secs_f32());
    let operator = select! {
        operator = start_operator(&control_plane, with_operator) => operator?,
        signal = stop.asked() => return Ok(code_of_signal(signal)),
    };

    let (program, arguments) = command.split_first().context("no command given")?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(control_plane.env(control_plane.admin_kubeconfig()))
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let code = select! {
        status = child.wait() => code_of(status?),
        signal = stop.asked() => {
            end(&mut child, signal).await?;
            code_of_signal(signal)
        }
    };
    eprintln!("ending the control plane …");
    drop(operator);
    drop(control_plane);
    Ok(code)
}

async fn start_operator(control_plane: &ControlPlane, wanted: bool) -> Result<Option<Operator>> {
    if !wanted {
        return Ok(None);
    }
    operator::install(control_plane).await?;
    Operator::start(control_plane).await.map(Some)
}

/// Lets the command end by itself, for a while.
async fn end(child: &mut Child, signal: SignalKind) -> Result<()> {
    // Ctrl-C has reached the command as well, any other signal has not.
    if let (true, Some(id)) = (signal != SignalKind::interrupt(), child.id()) {
        Command::new("kill").arg(id.to_string()).status().await?;
    }
    if timeout(GRACE, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

/// The signals that ask for an early end.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    fn new() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn asked(&mut self) -> SignalKind {
        select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hangup.recv() => SignalKind::hangup(),
        }
    }
}

fn code_of(status: ExitStatus) -> ExitCode {
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        (None, Some(signal)) => code_of_signal(SignalKind::from_raw(signal)),
        (None, None) => ExitCode::FAILURE,
    }
}

/// As a shell gives it for a command that a signal has ended.
fn code_of_signal(signal: SignalKind) -> ExitCode {
    u8::try_from(128 + signal.as_raw_value()).map_or(ExitCode::FAILURE, ExitCode::from)
}
