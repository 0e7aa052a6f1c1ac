//! The process: arguments, command, exit code.

use std::process::ExitCode;

use clap::Parser;
use hardened_app::cli::Command;

/// Hardened, self-healing workloads from one object.
#[derive(Parser)]
#[command(name = "hardened-app", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hardened-app: {error:#}");
            ExitCode::FAILURE
        }
    }
}
