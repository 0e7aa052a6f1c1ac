//! `hardened-app render`: all children of apps as YAML, by the controller's own code, without a cluster.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use super::{
    input::{read_all, refused},
    yaml,
};
use crate::{
    api::{HardenedApp, HardeningPolicy},
    app::{App, Policy},
    desired,
    release::Target,
};

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
    let policy = match &arguments.policy {
        Some(file) => policy(file)?,
        None => Policy::default(),
    };
    let mut apps: Vec<HardenedApp> = Vec::new();
    for file in &arguments.files {
        apps.extend(read_all(file, "HardenedApp")?);
    }
    if apps.is_empty() {
        bail!("no HardenedApp in the given files");
    }
    let mut children: Vec<Value> = Vec::new();
    for app in &mut apps {
        app.metadata.namespace.get_or_insert_with(|| "default".to_owned());
        let accepted = App::accept(app, &policy)
            .map_err(|rejections| refused("HardenedApp", app.metadata.name.as_deref(), &rejections))?;
        children.extend(desired::children(&Target::of(accepted)).into_iter().map(|child| child.body));
    }
    children.sort_by_key(|child| {
        ["/metadata/namespace", "/kind", "/metadata/name"].map(|field| child.pointer(field).map(Value::to_string))
    });
    out.write_all(yaml::text(&children)?.as_bytes()).context("failed to write")
}

fn policy(file: &Path) -> anyhow::Result<Policy> {
    match read_all::<HardeningPolicy>(file, "HardeningPolicy")?.as_slice() {
        [policy] => Policy::accept(policy)
            .map_err(|rejections| refused("HardeningPolicy", policy.metadata.name.as_deref(), &rejections)),
        policies => bail!("{} holds {} HardeningPolicies, need exactly one", file.display(), policies.len()),
    }
}
