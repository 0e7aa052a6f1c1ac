//! The process: arguments, logs, command.

use std::{io::stdout, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use hardened_app::{cli, ops};

/// Hardened, self-healing workloads from one object.
#[derive(Parser)]
#[command(name = "hardened-app", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the controller against the cluster of KUBECONFIG or of the pod.
    Controller(ops::Controller),
    /// Print the CustomResourceDefinitions.
    Crds,
    /// Print everything that apps are made of, without a cluster.
    Render(cli::Render),
    /// Write the generated files of the repository.
    #[command(hide = true)]
    Generate {
        /// Root of the repository.
        root: PathBuf,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Controller(arguments) => controller(arguments),
        Command::Crds => cli::print_crds(stdout()),
        Command::Render(arguments) => cli::render(&arguments, stdout()),
        Command::Generate { root } => cli::generate(&root),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hardened-app: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn controller(arguments: ops::Controller) -> anyhow::Result<()> {
    ops::start_telemetry();
    // One thread: the API server needs six times as long for a write as the operator does, so a second would only wait. And
    // glibc gives each thread a heap of its own, none of which can use what another has freed.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(ops::run(arguments));
    // A name lookup that hangs, on a thread of its own, must not keep the process.
    runtime.shutdown_background();
    result
}
