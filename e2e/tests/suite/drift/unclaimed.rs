//! Additions in nobody's name, or in ours: who made a change is what that change says itself, so nothing may hang on it.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::MANAGER;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::edit;

/// What is added to a Deployment, as a merge patch, and where the status shows it.
fn additions() -> [(&'static str, Value); 6] {
    let in_pods = |pod: Value| json!({ "spec": { "template": { "spec": pod } } });
    [
        ("spec.paused", json!({ "spec": { "paused": true } })),
        ("spec.template.spec.tolerations", in_pods(json!({ "tolerations": [{ "operator": "Exists" }] }))),
        ("spec.template.spec.priorityClassName", in_pods(json!({ "priorityClassName": "system-node-critical" }))),
        ("spec.template.spec.readinessGates", in_pods(json!({ "readinessGates": [{ "conditionType": "x.com/y" }] }))),
        ("spec.template.spec.schedulingGates", in_pods(json!({ "schedulingGates": [{ "name": "x.com/y" }] }))),
        ("spec.template.spec.nodeSelector", in_pods(json!({ "nodeSelector": { "mine": "yes" } }))),
    ]
}

/// How a change hides who made it.
#[derive(Clone, Copy, Debug)]
enum Disguise {
    /// An update that wipes the record of who has set what.
    Wiped,
    /// An update in the operator's name.
    Ours,
}

async fn is_undone(scene: &Scene, app: &str, path: &str, addition: &Value, disguise: Disguise) -> Result<()> {
    scene.ready(app, WEB).await?;
    let child = format!("{app}-web");
    let deployments = scene.objects("Deployment")?;
    let before = scene.live("Deployment", &child).await?;
    match disguise {
        Disguise::Wiped => {
            let change = |object: &mut Value| {
                merge(object, addition);
                merge(object, &json!({ "metadata": { "managedFields": [{}] } }));
            };
            let edited = edit(&deployments, &child, change).await?;
            assert_ne!(declared(&edited), declared(&before), "the edit changes something");
        }
        Disguise::Ours => {
            let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..Default::default() };
            deployments.patch(&child, &parameters, &Patch::Merge(addition)).await?;
        }
    }
    scene.reverted(app, path, |item| item.kind == "Deployment" && item.path.starts_with(path)).await?;
    assert_eq!(declared(&scene.live("Deployment", &child).await?), declared(&before));
    Ok(())
}

/// As a merge patch does it, without removals.
fn merge(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (name, value) in change {
                merge(object.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change.clone(),
    }
}

async fn all_are_undone(prefix: &str, disguise: Disguise) -> Result<()> {
    let scene = Scene::open(prefix).await?;
    let additions = additions();
    let cases = additions.iter().enumerate().map(async |(index, (path, addition))| {
        is_undone(&scene, &format!("app{index}"), path, addition, disguise)
            .await
            .with_context(|| format!("{path}: {disguise:?}"))
    });
    try_join_all(cases).await?;
    Ok(())
}

#[tokio::test]
async fn an_addition_that_nobody_claims_is_undone() -> Result<()> {
    all_are_undone("wiped", Disguise::Wiped).await
}

#[tokio::test]
async fn an_addition_in_the_operators_own_name_is_undone() -> Result<()> {
    all_are_undone("own-name", Disguise::Ours).await
}
