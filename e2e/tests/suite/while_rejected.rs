//! While a spec is rejected, the operator reverts drift from the last accepted one.

use anyhow::Result;
use hardened_app::api::{DriftChange, POLICY_LABEL};
use serde_json::{Value, json};

use crate::declared::declared;
use crate::policies::policy;
use crate::scene::{Scene, WEB, web_kinds};
use crate::tamper::{IMAGE, IMAGE_PATH, edit, set};

/// Passes the schema of the CustomResourceDefinition, which can't check that a component of this name exists.
fn contradiction() -> String {
    format!("{WEB}  connectsTo: [api]\n")
}

async fn children(scene: &Scene) -> Result<Vec<Value>> {
    let mut children = Vec::new();
    for kind in web_kinds() {
        children.push(declared(&scene.live(kind.name, "shop-web").await?));
    }
    Ok(children)
}

async fn is_rejected(scene: &Scene) -> Result<()> {
    scene.condition("shop", "Accepted", "False", "Rejected").await?;
    scene.condition("shop", "Ready", "False", "Rejected").await?;
    scene.condition("shop", "Stalled", "True", "Rejected").await?;
    Ok(())
}

/// Edits the children, and checks that the edits are reverted and the app is still rejected.
async fn drift_is_reverted(scene: &Scene) -> Result<()> {
    is_rejected(scene).await?;
    let before = children(scene).await?;
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, IMAGE, "evil:1".into())).await?;
    edit(&scene.objects("NetworkPolicy")?, "shop-web", |object| set(object, "/spec/ingress", json!([{}]))).await?;
    edit(&scene.objects("Service")?, "shop-web", |object| set(object, "/spec/type", "NodePort".into())).await?;
    for path in [IMAGE_PATH, "spec.ingress", "spec.type"] {
        scene.reverted("shop", path, |item| item.path == path).await?;
    }
    assert_eq!(children(scene).await?, before);

    scene.delete("PodDisruptionBudget", "shop-web").await?;
    let deleted = |item: &hardened_app::api::DriftItem| item.change == DriftChange::Deleted;
    scene.reverted("shop", "the deletion", deleted).await?;
    is_rejected(scene).await
}

#[tokio::test]
async fn drift_is_reverted_while_a_new_spec_is_rejected() -> Result<()> {
    let scene = Scene::open("kept-spec").await?;
    scene.ready("shop", WEB).await?;
    scene.change("shop", &contradiction()).await?;
    drift_is_reverted(&scene).await?;
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let live = scene.live("Deployment", "shop-web").await?;
    assert_eq!(live.pointer(IMAGE), Some(&"registry.example.com/hello:2.0.0".into()));
    Ok(())
}

#[tokio::test]
async fn drift_is_reverted_while_a_policy_rejects_the_app() -> Result<()> {
    let scene = Scene::labelled("kept-strict", &[(POLICY_LABEL, "turns-strict")]).await?;
    policy(&scene, "turns-strict", json!({})).await?;
    scene.ready("shop", WEB).await?;
    policy(&scene, "turns-strict", json!({ "images": { "requireDigest": true } })).await?;
    drift_is_reverted(&scene).await
}

#[tokio::test]
async fn drift_is_reverted_while_the_policy_is_invalid() -> Result<()> {
    let scene = Scene::labelled("kept-mistaken", &[(POLICY_LABEL, "turns-bad")]).await?;
    policy(&scene, "turns-bad", json!({})).await?;
    scene.ready("shop", WEB).await?;
    policy(
        &scene,
        "turns-bad",
        json!({ "network": { "dns": { "peers": [{ "namespace": "dns", "podLabels": {} }] } } }),
    )
    .await?;
    drift_is_reverted(&scene).await
}
