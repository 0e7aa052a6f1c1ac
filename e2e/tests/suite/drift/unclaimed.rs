//! Additions without a field manager, or with the operator's. Clients choose their field manager, so reverting must not depend
//! on it.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::MANAGER;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::edit;

/// Additions to a Deployment as merge patches, with the path in the status.
fn additions() -> [(&'static str, Value); 8] {
    let in_pods = |pod: Value| json!({ "spec": { "template": { "spec": pod } } });
    [
        ("spec.paused", json!({ "spec": { "paused": true } })),
        ("spec.template.spec.tolerations", in_pods(json!({ "tolerations": [{ "operator": "Exists" }] }))),
        ("spec.template.spec.priorityClassName", in_pods(json!({ "priorityClassName": "system-node-critical" }))),
        ("spec.template.spec.readinessGates", in_pods(json!({ "readinessGates": [{ "conditionType": "x.com/y" }] }))),
        ("spec.template.spec.schedulingGates", in_pods(json!({ "schedulingGates": [{ "name": "x.com/y" }] }))),
        ("spec.template.spec.setHostnameAsFQDN", in_pods(json!({ "setHostnameAsFQDN": true }))),
        ("spec.template.spec.subdomain", in_pods(json!({ "subdomain": "mine" }))),
        ("spec.template.spec.nodeSelector", in_pods(json!({ "nodeSelector": { "mine": "yes" } }))),
    ]
}

/// How a change hides its author.
#[derive(Clone, Copy, Debug)]
enum Disguise {
    /// An update that clears `managedFields`.
    Wiped,
    /// An update as the operator's field manager.
    Ours,
}

async fn is_reverted(scene: &Scene, app: &str, path: &str, addition: &Value, disguise: Disguise) -> Result<()> {
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
            assert_ne!(declared(&edited), declared(&before), "the edit must change something");
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

/// Merges as a merge patch does, without removals.
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

async fn all_are_reverted(prefix: &str, disguise: Disguise) -> Result<()> {
    let scene = Scene::open(prefix).await?;
    let additions = additions();
    let cases = additions.iter().enumerate().map(async |(index, (path, addition))| {
        is_reverted(&scene, &format!("app{index}"), path, addition, disguise)
            .await
            .with_context(|| format!("{path}: {disguise:?}"))
    });
    try_join_all(cases).await?;
    Ok(())
}

#[tokio::test]
async fn an_addition_without_a_field_manager_is_reverted() -> Result<()> {
    all_are_reverted("wiped", Disguise::Wiped).await
}

#[tokio::test]
async fn an_addition_as_the_operators_field_manager_is_reverted() -> Result<()> {
    all_are_reverted("own-name", Disguise::Ours).await
}
