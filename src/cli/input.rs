//! Objects from files and from standard input, read as strictly as the API server reads them.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::yaml;
use crate::{
    api::{GROUP, HardenedApp, HardeningPolicy},
    app::{self, App, Policy, Rejection},
};

/// The HardenedApps in files, accepted under the policy in another file, or under the built-in one.
///
/// # Errors
/// If files can't be read, if there is no app, or if apps or the policy are refused; the message names each field and its remedy.
pub(super) fn apps(files: &[PathBuf], policy_file: Option<&Path>) -> anyhow::Result<Vec<App>> {
    let policy = policy(policy_file)?;
    let in_file = |file: &PathBuf| apps_in(&text(file)?, &policy).with_context(|| format!("in {}", file.display()));
    let apps = all(files.iter().map(in_file))?.concat();
    if apps.is_empty() {
        bail!("no HardenedApp in the given files");
    }
    Ok(apps)
}

/// The HardenedApps in a text, accepted under a policy. Without a namespace they are in `default`.
///
/// # Errors
/// If the text can't be read, or apps are refused.
pub(super) fn apps_in(text: &str, policy: &Policy) -> anyhow::Result<Vec<App>> {
    let accepted = |mut app: HardenedApp| {
        app.metadata.namespace.get_or_insert_with(|| "default".to_owned());
        App::accept(&app, policy).map_err(|found| refused("HardenedApp", app.metadata.name.as_deref(), &found))
    };
    all(objects(text, "HardenedApp")?.into_iter().map(|app| app.and_then(accepted)))
}

/// The HardeningPolicy in a file, or the built-in one.
///
/// # Errors
/// If the file can't be read, doesn't hold exactly one, or the policy is refused.
pub(super) fn policy(file: Option<&Path>) -> anyhow::Result<Policy> {
    let Some(file) = file else { return Ok(Policy::default()) };
    let policies: Vec<HardeningPolicy> =
        read(&text(file)?, "HardeningPolicy").with_context(|| format!("in {}", file.display()))?;
    match policies.as_slice() {
        [policy] => Policy::accept(policy)
            .map_err(|rejections| refused("HardeningPolicy", policy.metadata.name.as_deref(), &rejections)),
        policies => bail!("{} holds {} HardeningPolicies, need exactly one", file.display(), policies.len()),
    }
}

/// The text of a file; `-` is standard input.
///
/// # Errors
/// If it can't be read.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("failed to read standard input")?;
    Ok(text)
}

/// All objects of a kind in a text of YAML or JSON; other kinds are left out.
///
/// # Errors
/// If the API server couldn't read the text either, or objects have fields that aren't of their kind.
pub fn read<T: DeserializeOwned>(text: &str, kind: &str) -> anyhow::Result<Vec<T>> {
    all(objects(text, kind)?.into_iter())
}

fn objects<T: DeserializeOwned>(text: &str, kind: &str) -> anyhow::Result<Vec<anyhow::Result<T>>> {
    let documents = yaml::documents(text)?;
    let wanted = documents.into_iter().filter(|document| document.get("kind") == Some(&Value::from(kind)));
    Ok(wanted.map(|document| object(document, kind)).collect())
}

/// All results, or all failures.
///
/// # Errors
/// If one is a failure: the message has all of them, on lines of their own.
pub(super) fn all<T>(results: impl Iterator<Item = anyhow::Result<T>>) -> anyhow::Result<Vec<T>> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => found.push(value),
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    if failures.is_empty() { Ok(found) } else { bail!(failures.join("\n")) }
}

fn object<T: DeserializeOwned>(document: Value, kind: &str) -> anyhow::Result<T> {
    let version = format!("{GROUP}/v1alpha1");
    if document.get("apiVersion") != Some(&Value::from(version.as_str())) {
        bail!("this {kind} is of another version: write apiVersion: {version}");
    }
    let mut malformed = app::malformed_around_spec(&document);
    malformed.extend(app::malformed(kind, document.get("spec").unwrap_or(&Value::Null)));
    if !malformed.is_empty() {
        let name = document.pointer("/metadata/name").and_then(Value::as_str);
        return Err(refused(kind, name, &malformed));
    }
    serde_json::from_value(app::without_nulls(document)).with_context(|| format!("not a {kind}"))
}

/// The error for an object that is refused.
fn refused(kind: &str, name: Option<&str>, rejections: &[Rejection]) -> anyhow::Error {
    let lines: Vec<String> = rejections.iter().map(|rejection| format!("  {rejection}")).collect();
    anyhow::anyhow!("{kind} {} is refused:\n{}", name.unwrap_or_default(), lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::HardenedApp;

    fn app(spec: &Value) -> anyhow::Result<HardenedApp> {
        object(
            json!({ "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "metadata": {}, "spec": spec }),
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
        let expected = "spec.components[web].ports[http].portocol: unknown field; correct its spelling, or remove it";
        assert!(refused.to_string().contains(expected), "{refused}");
    }

    #[test]
    fn a_misspelt_field_beside_the_spec_is_named() {
        let refused = object::<HardenedApp>(
            json!({
                "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "specs": {},
                "metadata": { "lables": {} }, "spec": { "components": [] }, "status": {},
            }),
            "HardenedApp",
        );
        let refused = refused.unwrap_err().to_string();
        for field in ["metadata.lables: unknown field", "specs: unknown field"] {
            assert!(refused.contains(field), "{refused}");
        }
        assert!(!refused.contains("status"), "{refused}");
    }

    #[test]
    fn a_field_that_is_null_counts_as_not_given() {
        let component = json!({ "name": "web", "image": "r.io/web:1", "env": null, "args": null, "user": null });
        let read = app(&json!({ "components": [component], "drift": null })).unwrap();
        assert_eq!(read.spec, app(&json!({ "components": [{ "name": "web", "image": "r.io/web:1" }] })).unwrap().spec);
        let refused =
            app(&json!({ "components": [{ "name": "web", "image": "r.io/web:1", "args": [null], "arg": null }] }));
        let refused = refused.unwrap_err().to_string();
        let refused_mode = app(&json!({ "components": [], "drift": { "mode": null } })).unwrap_err().to_string();
        assert!(refused_mode.contains("spec.drift.mode: not one of the allowed values"), "{refused_mode}");
        for words in ["args[0]: a member of the list is empty", "components[web].arg: unknown field"] {
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn another_version_is_refused() {
        let other = json!({ "apiVersion": "hardened.dev/v1", "kind": "HardenedApp", "spec": { "components": [] } });
        assert!(object::<HardenedApp>(other, "HardenedApp").is_err());
    }
}
