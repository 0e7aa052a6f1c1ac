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
    api::GROUP,
    app::{self, Rejection},
};

/// What `each` makes of every object of a kind in the files, `-` for standard input; other kinds are left out.
///
/// # Errors
/// If a file can't be read, or an object isn't of its kind, or `each` fails: the message has the failures of all of them.
pub(super) fn from_files<T: DeserializeOwned, U>(
    files: &[PathBuf],
    kind: &str,
    mut each: impl FnMut(T) -> anyhow::Result<U>,
) -> anyhow::Result<Vec<U>> {
    let mut results = Vec::new();
    for file in files {
        let within = || format!("in {}", file.display());
        match text(file).and_then(|text| objects(&text, kind).with_context(within)) {
            Ok(objects) => {
                results.extend(objects.into_iter().map(|object| object.and_then(&mut each).with_context(within)));
            }
            Err(error) => results.push(Err(error)),
        }
    }
    all(results)
}

fn text(file: &Path) -> anyhow::Result<String> {
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
    all(objects(text, kind)?)
}

fn objects<T: DeserializeOwned>(text: &str, kind: &str) -> anyhow::Result<Vec<anyhow::Result<T>>> {
    let documents = yaml::documents(text)?;
    let wanted = documents.into_iter().filter(|document| document.get("kind") == Some(&Value::from(kind)));
    Ok(wanted.map(|document| object(document, kind)).collect())
}

/// All results, or all failures.
fn all<T>(results: Vec<anyhow::Result<T>>) -> anyhow::Result<Vec<T>> {
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
        bail!("the apiVersion of this {kind} is not {version}");
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
pub(super) fn refused(kind: &str, name: Option<&str>, rejections: &[Rejection]) -> anyhow::Error {
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
