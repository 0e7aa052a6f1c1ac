//! The rules of the kinds table against the schemas of the running API server: a new version of Kubernetes shows its new
//! fields. A unit test does the same with the schemas of k8s-openapi.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::operator;
use hardened_app::api::{HardenedApp, HardeningPolicy};
use hardened_app::app::{App, Policy};
use hardened_app::desired::{self, Care, Child, KINDS, Kind};
use hardened_app::plan::{Census, schema_fields};
use hardened_app::release::Target;
use serde_json::{Value, json};

use crate::scene::Scene;

/// All fields of a kind, read from the `OpenAPI` document that the API server serves for its group.
async fn fields(scene: &Scene, kind: &Kind) -> Result<BTreeSet<String>> {
    let group = if kind.group.is_empty() { "api".to_owned() } else { format!("apis/{}", kind.group) };
    let text = scene.kubectl(&["get", "--raw", &format!("/openapi/v3/{group}/{}", kind.version)]).await?;
    let document: Value = serde_json::from_str(&text)?;
    let is_kind = json!([{ "group": kind.group, "kind": kind.name, "version": kind.version }]);
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let mut schemas = schemas.into_iter().flat_map(|schemas| schemas.values());
    let schema = schemas.find(|schema| schema.get("x-kubernetes-group-version-kind") == Some(&is_kind));
    Ok(schema_fields(&document, schema.with_context(|| format!("the API server has no schema of {}", kind.name))?))
}

/// The children of all golden cases: every field that the operator can set, with and without it.
fn golden() -> Result<Vec<Child>> {
    let mut children = Vec::new();
    for topic in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/desired/golden"))? {
        let topic = topic?.path();
        if !topic.is_dir() {
            continue;
        }
        for file in fs::read_dir(topic)? {
            let case: Value = serde_saphyr::from_str(&fs::read_to_string(file?.path())?)?;
            let mut app: HardenedApp = serde_json::from_value(case.get("app").cloned().unwrap_or_default())?;
            app.metadata.uid = Some("golden".to_owned());
            let policy = match case.get("policy") {
                Some(policy) => Policy::accept(&serde_json::from_value::<HardeningPolicy>(policy.clone())?),
                None => Ok(Policy::default()),
            };
            if let Ok(app) = policy.and_then(|policy| App::accept(&app, &policy)) {
                children.extend(desired::children(&Target::of(app).with_tasks(operator::IMAGE)));
            }
        }
    }
    Ok(children)
}

#[tokio::test]
async fn every_field_of_the_api_server_has_one_class() -> Result<()> {
    let scene = Scene::open("schema").await?;
    let children = golden()?;
    let mut remedies = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.care == Care::Apply) {
        let census = Census::take(kind, &children, &fields(&scene, kind).await?);
        println!("{census}");
        remedies.extend(census.remedies());
    }
    ensure!(remedies.is_empty(), "{} fields of the API server:\n{}", remedies.len(), remedies.join("\n"));
    Ok(())
}
