//! Runs a command with a new control plane: `control-plane exec -- cargo test -p e2e`. With `--node` this program starts
//! itself again in new Linux namespaces, in which everything runs.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use e2e::node::{self, Isolation, Node};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Definitions, Parts};
use tokio::process::{Child, Command};
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// How long an interrupted command may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// A Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start a control plane, run a command with its address in the environment, and end the control plane.
    Exec {
        /// Install the operator and run it while the command runs.
        #[arg(long)]
        operator: bool,
        /// Start a node as well, on which the operator runs as a pod. Needs root.
        #[arg(long)]
        node: bool,
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Run the programs of a control plane until standard input ends.
    #[command(hide = true)]
    Supervise {
        /// Don't start the controller manager.
        #[arg(long)]
        storage_only: bool,
        /// Let the API server stream no lists.
        #[arg(long)]
        without_streaming: bool,
        /// Listen on the address of the node, which pods can reach.
        #[arg(long)]
        for_node: bool,
        /// Folder for its files.
        dir: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().action {
        Action::Exec { node: true, .. } if !Isolation::is_entered() => isolated().await,
        Action::Exec { operator, node, command } => exec(operator, node, &command).await,
        Action::Supervise { storage_only, for_node, without_streaming, dir } => {
            let parts = match (storage_only, for_node, without_streaming) {
                (true, ..) => Parts::Storage,
                (_, true, _) => Parts::ForNode,
                (.., true) => Parts::WithoutStreaming,
                _ => Parts::All,
            };
            return match e2e::supervise(&dir, parts).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    // The parent prints it; if the parent is gone, the error is lost.
                    let _ = write!(std::io::stdout(), "{error:#}");
                    ExitCode::FAILURE
                }
            };
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

/// Runs this program with the same arguments in new Linux namespaces.
async fn isolated() -> Result<ExitCode> {
    let mut stop = Stop::new()?;
    let isolation = Isolation::prepare()?;
    let command = isolation.command(std::env::args_os().skip(1))?;
    let code = run(command, &mut stop).await;
    isolation.end().await?;
    eprintln!("the node left nothing behind");
    code
}

async fn exec(with_operator: bool, with_node: bool, command: &[OsString]) -> Result<ExitCode> {
    let mut stop = Stop::new()?;
    eprintln!("starting the control plane …");
    let begin = Instant::now();
    let control_plane = select! {
        started = start(with_node) => started?,
        signal = stop.asked() => return Ok(code_of_signal(signal)),
    };
    eprintln!("the control plane is ready after {:.1} s", begin.elapsed().as_secs_f32());
    let (node, operator) = select! {
        started = start_more(&control_plane, with_node, with_operator) => started?,
        signal = stop.asked() => return Ok(code_of_signal(signal)),
    };

    let (program, arguments) = command.split_first().context("no command given")?;
    let mut command = Command::new(program);
    command.args(arguments).envs(control_plane.env(control_plane.admin_kubeconfig()));
    let code = run(command, &mut stop).await?;
    if let (Some(node), true) = (&node, code != ExitCode::SUCCESS) {
        eprintln!("{}", node.logs());
    }
    eprintln!("ending the control plane …");
    drop(operator);
    drop(control_plane);
    Ok(code)
}

async fn start(with_node: bool) -> Result<ControlPlane> {
    if !with_node {
        return ControlPlane::start().await;
    }
    node::prepare_machine().await?;
    ControlPlane::start_with(Parts::ForNode).await
}

async fn start_more(
    control_plane: &ControlPlane,
    with_node: bool,
    with_operator: bool,
) -> Result<(Option<Node>, Option<Operator>)> {
    if with_operator {
        // All that the operator may meet: the tests need not install them, and none of them comes as a surprise to another.
        let client = control_plane.admin_client().await?;
        for definitions in Definitions::ALL {
            definitions.install(&client).await?;
        }
    }
    match (with_node, with_operator) {
        (false, false) => Ok((None, None)),
        (false, true) => {
            operator::install(control_plane).await?;
            Ok((None, Some(Operator::start(control_plane).await?)))
        }
        (true, with_operator) => {
            let begin = Instant::now();
            let node = Node::start(control_plane).await?;
            eprintln!("the node is ready after {:.1} s", begin.elapsed().as_secs_f32());
            if with_operator {
                node::install(control_plane).await.with_context(|| node.logs())?;
                eprintln!("the operator's pod is ready after {:.1} s", begin.elapsed().as_secs_f32());
            }
            Ok((Some(node), None))
        }
    }
}

/// Runs a command until it ends, or until a signal asks this program to end.
async fn run(mut command: Command, stop: &mut Stop) -> Result<ExitCode> {
    let program = command.as_std().get_program().to_owned();
    let child = command.kill_on_drop(true).spawn();
    let mut child = child.with_context(|| format!("cannot run {}", program.display()))?;
    select! {
        status = child.wait() => Ok(code_of(status?)),
        signal = stop.asked() => {
            end(&mut child, signal).await?;
            Ok(code_of_signal(signal))
        }
    }
}

/// Asks the command to end, and kills it after [`GRACE`].
async fn end(child: &mut Child, signal: SignalKind) -> Result<()> {
    // The terminal sends Ctrl-C to the command as well; other signals go to this process only.
    if let (true, Some(id)) = (signal != SignalKind::interrupt(), child.id()) {
        Command::new("kill").arg(id.to_string()).status().await?;
    }
    if timeout(GRACE, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

/// The signals that ask this program to end.
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

/// The exit code that a shell reports for a command ended by a signal.
fn code_of_signal(signal: SignalKind) -> ExitCode {
    u8::try_from(128 + signal.as_raw_value()).map_or(ExitCode::FAILURE, ExitCode::from)
}
