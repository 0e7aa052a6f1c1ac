//! `hardened-app render`: all children of apps as YAML, by the controller's own code, without a cluster.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::{input::apps, targets::Targets, yaml};
use crate::desired::{self, Child};

/// Arguments of the command.
#[derive(Args, Debug)]
pub struct Render {
    /// Files with HardenedApps; `-` is standard input. Other kinds in them are left out.
    #[arg(short = 'f', long = "filename", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// File with the HardeningPolicy that applies to them; the built-in one if not given.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// The operator's own image, which runs the checks before a release.
    #[arg(long, env = "HARDENED_APP_IMAGE", default_value = concat!("hardened-app:", env!("CARGO_PKG_VERSION")))]
    operator_image: String,
}

/// Prints the children of every app in the files, those included that exist only before a release, sorted by kind and name; on `notes` what the order of the files has decided.
///
/// # Errors
/// If a file can't be read, an app is given twice, or apps or the policy are refused; the message names each field and its remedy.
pub(super) fn render(arguments: &Render, mut out: impl Write, mut notes: impl Write) -> anyhow::Result<()> {
    let mut children: Vec<Value> = Vec::new();
    let targets = Targets::of(apps(&arguments.files, arguments.policy.as_deref())?)?;
    for note in &targets.notes {
        writeln!(notes, "note: {note}").context("failed to write")?;
    }
    for target in targets.all {
        let whole = target.with_tasks(&arguments.operator_image);
        children.extend(desired::children(&whole).into_iter().map(as_created));
    }
    children.sort_by_key(|child| {
        ["/metadata/namespace", "/kind", "/metadata/name"].map(|field| child.pointer(field).map(Value::to_string))
    });
    out.write_all(yaml::text(&children)?.as_bytes()).context("failed to write")
}

/// The object as the operator creates it.
fn as_created(child: Child) -> Value {
    let mut body = child.body;
    if let Some(spec) = body.get_mut("spec").and_then(Value::as_object_mut).filter(|_| child.suspended) {
        spec.insert("suspend".to_owned(), Value::Bool(true));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_that_is_refused_is_reported() {
        let folder = std::env::temp_dir().join(format!("render-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let app = |name: &str, image: &str| {
            format!(
                "apiVersion: hardened.dev/v1alpha1\nkind: HardenedApp\nmetadata: {{name: {name}}}\nspec: {{components: [{{name: web, {image}}}]}}\n"
            )
        };
        let files = [
            ("a.yaml", [app("one", "image: r.io/web"), app("two", "imag: r.io/web:1")].join("---\n")),
            ("b.yaml", [app("three", "image: r.io/web:1"), app("four", "image: r.io/web:latest")].join("---\n")),
            ("c.yaml", "}".to_owned()),
        ];
        let files = files.map(|(name, text)| {
            let file = folder.join(name);
            std::fs::write(&file, text).unwrap();
            file
        });
        let missing = folder.join("d.yaml");
        let render =
            Render { files: [files.to_vec(), vec![missing]].concat(), policy: None, operator_image: String::new() };
        let mut out = Vec::new();
        let words = format!("{:#}", super::render(&render, &mut out, Vec::new()).unwrap_err());
        std::fs::remove_dir_all(folder).unwrap();
        for expected in
            ["a.yaml: HardenedApp one is", "HardenedApp two is", "b.yaml: HardenedApp four is", "c.yaml: ", "d.yaml: "]
        {
            assert!(words.contains(expected), "{expected} is not in {words}");
        }
        assert!(!words.contains("three") && out.is_empty(), "{words}");
    }
}
