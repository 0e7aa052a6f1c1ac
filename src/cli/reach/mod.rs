//! `hardened-app reach`: who may connect to whom on which port, without a cluster.

mod address;
mod bare;
mod cells;
mod ends;
mod manifests;
mod named;
mod table;
mod workload;

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};

use self::{
    address::Address,
    cells::{Cell, cells},
    ends::Ends,
    manifests::Manifests,
};
use super::input::policy;

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Reach {
    /// Files with HardenedApps or any other objects; `-` is standard input. Judged are the NetworkPolicies among them and those of the
    /// apps, between the pods of all workloads and standing ends such as other namespaces and the Internet.
    #[arg(short = 'f', long = "filename", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// File with the HardeningPolicy that applies to the apps; the built-in one if not given.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// A further end outside the pod network, such as the API server or a node; may be given several times.
    #[arg(long = "address", value_name = "NAME=IP:PORT")]
    addresses: Vec<Address>,
    /// `json` prints every connection, with those that are closed.
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    Table,
    Json,
}

/// Prints which connections are allowed, and by which policies; on `notes` what isn't judged or was decided by the order of the files.
///
/// # Errors
/// If a file can't be read, an app, the policy or a NetworkPolicy is refused, or an object is given twice; the message names file, object and
/// field.
pub(super) fn reach(arguments: &Reach, mut out: impl Write, mut notes: impl Write) -> anyhow::Result<()> {
    let manifests = Manifests::read(&arguments.files, &policy(arguments.policy.as_deref())?)?;
    let ends = Ends::of(&manifests, &arguments.addresses);
    for note in manifests.notes.iter().chain(&ends.notes) {
        writeln!(notes, "not judged: {note}").context("failed to write")?;
    }
    for claim in &manifests.claims {
        writeln!(notes, "note: {claim}").context("failed to write")?;
    }
    let cells = cells(&manifests.policies, &ends.all);
    let text = match arguments.output {
        Output::Table => table::text(&cells),
        Output::Json => json(&cells)?,
    };
    out.write_all(text.as_bytes()).context("failed to write")
}

/// An array with one connection on each line.
fn json(cells: &[Cell]) -> anyhow::Result<String> {
    let lines: Vec<String> = cells.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

#[cfg(test)]
mod tests;
