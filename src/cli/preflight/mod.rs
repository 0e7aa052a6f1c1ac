//! `hardened-app preflight`: whether required Secrets are well-formed and databases answer, checked in a pod of the app's namespace. It
//! uses no Kubernetes API. What it prints and leaves as the pod's termination message names keys and rules, never a value.

mod answer;
mod database;
mod denied;
mod exchange;
mod limits;
mod tls;

use std::{ffi::OsString, fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::{Context, ensure};
use clap::Args;
use futures::future::join_all;
use tokio::runtime;

use self::limits::{LIMITS, Limits};
use crate::preflight::{CHECKS, Checks, DatabaseCheck, DatabaseFault, KeyFault, Report};

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Preflight {
    /// What to check, as JSON. The value of each key is in the environment variable that the checks name.
    #[arg(long, env = CHECKS, value_name = "JSON", hide_env_values = true)]
    checks: String,
    /// File that the report is written to, as JSON of at most 4096 bytes.
    #[arg(long, value_name = "FILE", default_value = "/dev/termination-log")]
    report: PathBuf,
}

/// Checks, writes the report and prints the same on `out`. The exit code is 0 without faults, 1 with faults, and 2 if the check itself isn't
/// possible, which is printed on `errors`.
pub(super) fn run(
    arguments: &Preflight,
    variable: impl Fn(&str) -> Option<OsString>,
    out: impl Write,
    mut errors: impl Write,
) -> ExitCode {
    match checked(arguments, LIMITS, variable, out) {
        Ok(report) if report.has_faults() => ExitCode::from(1),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            // The exit code remains if it can't be written.
            let _ = writeln!(errors, "hardened-app: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn checked(
    arguments: &Preflight,
    limits: Limits,
    variable: impl Fn(&str) -> Option<OsString>,
    out: impl Write,
) -> anyhow::Result<Report> {
    let checks: Checks = serde_json::from_str(&arguments.checks).context("failed to read the checks")?;
    let keys = key_faults(&checks, &variable)?;
    let api_server = checks.denied.then(|| denied::api_server(&variable)).transpose()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context("failed to start")?;
    let (databases, open_network) = runtime.block_on(async {
        let databases = database_faults(&checks.databases, limits).await;
        let open_network = match &api_server {
            Some(address) => denied::is_open(address, limits).await,
            None => false,
        };
        (databases, open_network)
    });
    // A resolver that doesn't answer may still hold a thread.
    runtime.shutdown_background();
    let report = Report { keys, databases, open_network, ..Report::default() };
    fs::write(&arguments.report, report.message())
        .with_context(|| format!("failed to write the report to {}", arguments.report.display()))?;
    print(&report, &checks, out).context("failed to write")?;
    Ok(report)
}

fn key_faults(checks: &Checks, variable: impl Fn(&str) -> Option<OsString>) -> anyhow::Result<Vec<KeyFault>> {
    let mut faults = Vec::new();
    for check in &checks.keys {
        let value = variable(&check.variable);
        ensure!(value.is_some(), "{} isn't set, which should hold {} of {}", check.variable, check.key, check.secret);
        faults.extend(check.faults(value.unwrap_or_default().as_encoded_bytes()));
    }
    Ok(faults)
}

async fn database_faults(databases: &[DatabaseCheck], limits: Limits) -> Vec<DatabaseFault> {
    let judged = databases.iter().map(async |check| Some(check.fault(database::problem(check, limits).await?)));
    join_all(judged).await.into_iter().flatten().collect()
}

fn print(report: &Report, checks: &Checks, mut out: impl Write) -> std::io::Result<()> {
    if report.has_faults() {
        writeln!(out, "{}", report.in_words())?;
    } else {
        writeln!(out, "well-formed keys: {}; databases that answer: {}", checks.keys.len(), checks.databases.len())?;
    }
    if report.open_network {
        writeln!(out, "the API server can be reached, though NetworkPolicies deny it: they aren't enforced")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
