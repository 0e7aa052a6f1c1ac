//! The operator's program as a command-line tool.

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use e2e::operator;

/// What a subcommand prints for files from standard input.
pub(crate) fn print(arguments: &[&str], input: &str) -> Result<String> {
    let mut command = operator::program()?;
    let mut child = command.args(arguments).args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "hardened-app {} ended with {}", arguments.join(" "), output.status);
    Ok(String::from_utf8(output.stdout)?)
}
