//! Specs that the operator refuses: what runs stays as it is, and the status says what to do.

use anyhow::Result;
use hardened_app::api::HardeningPolicy;
use hardened_app::desired::KINDS;
use k8s_openapi::api::core::v1;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::policies::policy;
use crate::scene::{Scene, WEB, web_kinds};

const LABEL: &str = hardened_app::api::POLICY_LABEL;

async fn versions(scene: &Scene) -> Result<Vec<(String, String)>> {
    let mut versions = Vec::new();
    for kind in web_kinds() {
        versions.push(scene.version(kind.kind, "shop-web").await?);
    }
    Ok(versions)
}

/// Waits for the refusal, checks its words and that nothing that runs was touched.
async fn is_refused(scene: &Scene, running: &[(String, String)], words: [&str; 2]) -> Result<()> {
    let message = scene.condition("shop", "Accepted", "False", "Rejected").await?;
    for word in words {
        assert!(message.contains(word), "{word:?} isn't in {message:?}");
    }
    scene.condition("shop", "Ready", "False", "Rejected").await?;
    scene.condition("shop", "Stalled", "True", "Rejected").await?;
    scene.quiet().await?;
    assert_eq!(versions(scene).await?, running);
    Ok(())
}

#[tokio::test]
async fn a_stricter_policy_changes_nothing_that_runs_and_says_what_to_do() -> Result<()> {
    let scene = Scene::labelled("strict", &[(LABEL, "digests")]).await?;
    policy(&scene, "digests", json!({})).await?;
    scene.ready("shop", WEB).await?;
    let running = versions(&scene).await?;
    policy(&scene, "digests", json!({ "images": { "requireDigest": true } })).await?;
    is_refused(&scene, &running, ["spec.components[web].image", "append @sha256:<digest>"]).await?;
    policy(&scene, "digests", json!({ "images": { "requireDigest": false } })).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(versions(&scene).await?, running);
    Ok(())
}

#[tokio::test]
async fn a_deleted_policy_changes_nothing_that_runs() -> Result<()> {
    let scene = Scene::labelled("orphaned", &[(LABEL, "short-lived")]).await?;
    policy(&scene, "short-lived", json!({})).await?;
    scene.ready("shop", WEB).await?;
    let running = versions(&scene).await?;
    Api::<HardeningPolicy>::all(scene.client.clone()).delete("short-lived", &DeleteParams::default()).await?;
    is_refused(&scene, &running, ["HardeningPolicy short-lived", "the platform team creates it"]).await?;
    policy(&scene, "short-lived", json!({})).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn a_namespace_that_names_a_missing_policy_has_no_apps_until_it_names_another() -> Result<()> {
    let scene = Scene::labelled("missing", &[(LABEL, "nowhere")]).await?;
    scene.create("shop", WEB).await?;
    let message = scene.condition("shop", "Accepted", "False", "Rejected").await?;
    assert!(message.contains("there is no HardeningPolicy nowhere"), "{message}");
    scene.quiet().await?;
    for kind in &KINDS {
        assert_eq!(scene.live(kind.kind, "shop-web").await?, Value::Null, "{}", kind.kind);
    }
    let namespaces = Api::<v1::Namespace>::all(scene.client.clone());
    let without = Patch::Merge(json!({ "metadata": { "labels": { LABEL: null } } }));
    namespaces.patch(scene.name(), &PatchParams::default(), &without).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn a_policy_with_a_mistake_is_named_in_every_app_it_holds_for() -> Result<()> {
    let scene = Scene::labelled("mistake", &[(LABEL, "mistaken")]).await?;
    policy(&scene, "mistaken", json!({})).await?;
    scene.ready("shop", WEB).await?;
    let running = versions(&scene).await?;
    policy(&scene, "mistaken", json!({ "network": { "dns": { "peers": [{ "namespace": "dns", "podLabels": {} }] } } }))
        .await?;
    let words = ["HardeningPolicy mistaken: spec.network.dns.peers[0].podLabels", "name the labels of the pods"];
    is_refused(&scene, &running, words).await
}

#[tokio::test]
async fn a_spec_that_contradicts_itself_changes_nothing_that_runs() -> Result<()> {
    let scene = Scene::open("contradiction").await?;
    scene.ready("shop", WEB).await?;
    let running = versions(&scene).await?;
    scene.change("shop", &format!("{WEB}  connectsTo: [api]\n")).await?;
    is_refused(&scene, &running, ["spec.components[web].connectsTo[api]", "name a component of this app"]).await?;
    scene.change("shop", WEB).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(versions(&scene).await?, running);
    Ok(())
}
