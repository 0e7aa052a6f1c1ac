//! `hardened-app render`: all children of apps as YAML, by the controller's own code, without a cluster.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::yaml;
use crate::{
    api::{GROUP, HardenedApp, HardeningPolicy},
    app::{self, App, Policy, Rejection},
    desired,
    release::Target,
};

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Render {
    /// Files with HardenedApps; `-` is standard input. Other kinds in them are left out.
    #[arg(short = 'f', long = "filename", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// File with the HardeningPolicy to hold them to; the built-in one if not given.
    #[arg(long)]
    policy: Option<PathBuf>,
}

/// Prints the children of every app in the files, sorted by kind and name.
///
/// # Errors
/// If a file can't be read, or an app or the policy is refused; the message names each field and its remedy.
pub fn render(arguments: &Render, mut out: impl Write) -> anyhow::Result<()> {
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

fn read_all<T: DeserializeOwned>(file: &Path, kind: &str) -> anyhow::Result<Vec<T>> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("failed to read standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?
    };
    let documents = yaml::documents(&text).with_context(|| format!("in {}", file.display()))?;
    let wanted = documents.into_iter().filter(|document| document.get("kind") == Some(&Value::from(kind)));
    wanted.map(|document| read(&document, kind).with_context(|| format!("in {}", file.display()))).collect()
}

/// Reads an object as strictly as the API server does.
fn read<T: DeserializeOwned>(document: &Value, kind: &str) -> anyhow::Result<T> {
    let version = format!("{GROUP}/v1alpha1");
    if document.get("apiVersion") != Some(&Value::from(version.as_str())) {
        bail!("the apiVersion of this {kind} is not {version}");
    }
    let malformed = app::malformed(kind, document.get("spec").unwrap_or(&Value::Null));
    if !malformed.is_empty() {
        let name = document.pointer("/metadata/name").and_then(Value::as_str);
        return Err(refused(kind, name, &malformed));
    }
    serde_json::from_value(document.clone()).with_context(|| format!("not a {kind}"))
}

fn refused(kind: &str, name: Option<&str>, rejections: &[Rejection]) -> anyhow::Error {
    let words: Vec<String> = rejections.iter().map(|rejection| format!("  {rejection}")).collect();
    anyhow::anyhow!("{kind} {} is refused:\n{}", name.unwrap_or_default(), words.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn app(spec: &Value) -> anyhow::Result<HardenedApp> {
        read(
            &json!({ "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "metadata": {}, "spec": spec }),
            "HardenedApp",
        )
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let component =
            json!({ "name": "web", "image": "r.io/web:1", "command": [], "ports": [{ "name": "http", "port": 8080 }] });
        app(&json!({ "components": [component] })).unwrap();
        let mut misspelt = component;
        misspelt["ports"][0]["portocol"] = json!("UDP");
        let refused = app(&json!({ "components": [misspelt] })).unwrap_err();
        let words = "spec.components[web].ports[http].portocol: unknown field; correct its spelling, or remove it";
        assert!(refused.to_string().contains(words), "{refused}");
    }

    #[test]
    fn another_version_is_refused() {
        let other = json!({ "apiVersion": "hardened.dev/v1", "kind": "HardenedApp", "spec": { "components": [] } });
        assert!(read::<HardenedApp>(&other, "HardenedApp").is_err());
    }
}
