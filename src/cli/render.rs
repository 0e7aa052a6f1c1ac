//! `hardened-app render`: all children of apps as YAML, by the controller's own code, without a cluster.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::{input::apps, yaml};
use crate::{desired, release::Target};

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Render {
    /// Files with HardenedApps; `-` is standard input. Other kinds in them are left out.
    #[arg(short = 'f', long = "filename", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// File with the HardeningPolicy that applies to them; the built-in one if not given.
    #[arg(long)]
    policy: Option<PathBuf>,
}

/// Prints the children of every app in the files, sorted by kind and name.
///
/// # Errors
/// If a file can't be read, or an app or the policy is refused; the message names each field and its remedy.
pub(super) fn render(arguments: &Render, mut out: impl Write) -> anyhow::Result<()> {
    let mut children: Vec<Value> = Vec::new();
    for app in apps(&arguments.files, arguments.policy.as_deref())? {
        children.extend(desired::children(&Target::of(app)).into_iter().map(|child| child.body));
    }
    children.sort_by_key(|child| {
        ["/metadata/namespace", "/kind", "/metadata/name"].map(|field| child.pointer(field).map(Value::to_string))
    });
    out.write_all(yaml::text(&children)?.as_bytes()).context("failed to write")
}
