//! Drift mode Observe: deviations are reported, not reverted.

use anyhow::Result;
use hardened_app::api::{DriftChange, DriftItem};
use kube::api::PostParams;
use serde_json::{Value, json};

use super::shop::{
    NOT_GRANTED, REPLICAS, add_miner, finding, image, is_miner, make_noise, merge, open, open_ingress, set_image, shop,
};
use crate::policies::policy;
use crate::scene::{Scene, WEB};
use crate::tamper::{IMAGE_PATH, edit, push, remove, set};

async fn observe(scene: &Scene) -> Result<()> {
    merge(scene, json!({ "spec": { "drift": { "mode": "Observe" } } })).await
}

#[tokio::test]
async fn observed_drift_is_reported_and_not_reverted() -> Result<()> {
    let scene = shop("observed", json!({ "drift": { "allowObserve": true } })).await?;
    observe(&scene).await?;
    finding(&scene, "drift-not-undone", "except in NetworkPolicies").await?;
    scene.quiet().await?;

    let before = scene.requests()?.len();
    set_image(&scene, "debug:1").await?;
    let item = open(&scene, "the image", |item| item.path == IMAGE_PATH).await?;
    assert_eq!((item.live.as_str(), item.manager.as_str()), ("debug:1", "kubectl-edit"));
    scene.condition("shop", "InSync", "False", "Observed").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let requests = scene.quiet().await?.split_off(before);
    assert!(requests.iter().all(|request| request.resource == "hardenedapps"), "{requests:#?}");
    assert_eq!(image(&scene).await?, "debug:1");

    // Drift of NetworkPolicies is reverted in any mode.
    open_ingress(&scene).await?;
    scene.reverted("shop", "the ingress", |item| item.path == "spec.ingress").await?;
    assert_eq!(scene.live("NetworkPolicy", "shop-web").await?.pointer("/spec/ingress"), None);
    Ok(())
}

#[tokio::test]
async fn a_new_spec_is_applied_and_keeps_added_containers() -> Result<()> {
    let scene = shop("observed-news", json!({ "drift": { "mode": "Observe" } })).await?;
    let probe = json!({ "name": "probe", "image": "debug:1" });
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        push(object, "/spec/template/spec/containers", probe.clone());
        set(object, "/spec/replicas", 1.into());
    })
    .await?;
    let is_probe = |item: &DriftItem| item.path.ends_with("containers[name=probe]");
    open(&scene, "the container", is_probe).await?;
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    // The apply of the new spec also sets the declared fields that other field managers have changed.
    scene.reverted("shop", "the number of pods", |item| item.path == REPLICAS).await?;
    open(&scene, "the container, still,", is_probe).await?;
    scene.quiet().await?;
    let live = scene.live("Deployment", "shop-web").await?;
    let containers = live.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    assert_eq!(containers.map(Vec::len), Some(2));
    assert_eq!(image(&scene).await?, "registry.example.com/hello:2.0.0");
    Ok(())
}

#[tokio::test]
async fn a_deletion_is_observed_until_the_policy_withdraws_the_mode() -> Result<()> {
    let scene = shop("observed-gone", json!({ "drift": { "mode": "Observe" } })).await?;
    scene.delete("Service", "shop-web").await?;
    open(&scene, "the deletion", |item| item.change == DriftChange::Deleted).await?;
    let words = scene.condition("shop", "Ready", "False", "Observed").await?;
    assert!(words.contains("Service shop-web was deleted"), "{words}");
    scene.condition("shop", "Stalled", "True", "Observed").await?;
    scene.quiet().await?;
    assert_eq!(scene.live("Service", "shop-web").await?, Value::Null);

    policy(&scene, "observed-gone", json!({})).await?;
    scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn observed_drift_is_reverted_when_the_policy_withdraws_the_permission() -> Result<()> {
    let scene = shop("observed-ends", json!({ "drift": { "allowObserve": true } })).await?;
    observe(&scene).await?;
    finding(&scene, "drift-not-undone", "reported").await?;
    set_image(&scene, "debug:1").await?;
    open(&scene, "the image", |item| item.path == IMAGE_PATH).await?;
    policy(&scene, "observed-ends", json!({})).await?;
    finding(&scene, NOT_GRANTED, "drift.allowObserve in the HardeningPolicy observed-ends").await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    assert_eq!(image(&scene).await?, "registry.example.com/hello:1.0.0");
    Ok(())
}

#[tokio::test]
async fn nothing_is_observed_without_permission() -> Result<()> {
    let scene = Scene::open("not-observed").await?;
    scene.ready("shop", WEB).await?;
    observe(&scene).await?;
    finding(&scene, NOT_GRANTED, "spec.drift.mode").await?;
    set_image(&scene, "evil:1").await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    Ok(())
}

/// `kubectl rollout undo` makes kubectl the field manager of the hash of the last applied child.
#[tokio::test]
async fn a_new_spec_is_applied_after_kubectl_rollout_undo() -> Result<()> {
    let scene = shop("observed-undo", json!({ "drift": { "mode": "Observe" } })).await?;
    scene.change("shop", &WEB.replace("1.0.0", "1.1.0")).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.kubectl(&["rollout", "undo", "deployment/shop-web"]).await?;
    open(&scene, "the image", |item| item.path == IMAGE_PATH).await?;
    scene.quiet().await?;
    assert_eq!(image(&scene).await?, "registry.example.com/hello:1.0.0", "not reverted");
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    assert_eq!(image(&scene).await?, "registry.example.com/hello:2.0.0");
    Ok(())
}

/// The API server rejects parameters of a rolling update together with the strategy Recreate, which a claim requires.
#[tokio::test]
async fn a_new_spec_is_applied_although_a_deviation_contradicts_it() -> Result<()> {
    let scene = shop("observed-strategy", json!({ "drift": { "mode": "Observe" } })).await?;
    let one = format!("{WEB}  volumes: [{{name: data, path: /srv, claim: shop}}]\n");
    scene.change("shop", &one).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let rolling = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } });
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, "/spec/strategy", rolling.clone())).await?;
    open(&scene, "the strategy", |item| item.path.starts_with("spec.strategy")).await?;
    scene.change("shop", &one.replace("1.0.0", "2.0.0")).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(image(&scene).await?, "registry.example.com/hello:2.0.0");
    Ok(())
}

/// The operator's watches select by this label, so it is restored in any mode.
#[tokio::test]
async fn the_removed_managed_by_label_is_restored_in_observe_mode() -> Result<()> {
    let scene = shop("observed-unseen", json!({ "drift": { "mode": "Observe" } })).await?;
    let label = "metadata.labels[app.kubernetes.io/managed-by]";
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        remove(object, "/metadata/labels/app.kubernetes.io~1managed-by");
    })
    .await?;
    scene.reverted("shop", "the label", |item| item.path == label).await?;
    add_miner(&scene).await?;
    open(&scene, "the container", is_miner).await?;
    Ok(())
}

#[tokio::test]
async fn a_child_recreated_by_a_user_is_observed_and_keeps_its_label() -> Result<()> {
    let scene = shop("observed-restored", json!({ "drift": { "mode": "Observe" } })).await?;
    let deployments = scene.objects("Deployment")?;
    let mut copy = deployments.get("shop-web").await?;
    scene.delete("Deployment", "shop-web").await?;
    let is_gone = |item: &DriftItem| item.change == DriftChange::Deleted;
    open(&scene, "the deletion", is_gone).await?;
    scene.quiet().await?;
    copy.metadata.resource_version = None;
    copy.metadata.uid = None;
    copy.metadata.managed_fields = None;
    copy.data.pointer_mut("/spec/replicas").into_iter().for_each(|replicas| *replicas = 1.into());
    deployments.create(&PostParams::default(), &copy).await?;
    open(&scene, "the number of pods", |item| item.path == REPLICAS).await?;
    edit(&deployments, "shop-web", |object| remove(object, "/metadata/labels/app.kubernetes.io~1managed-by")).await?;
    let label = "metadata.labels[app.kubernetes.io/managed-by]";
    scene.reverted("shop", "the label", |item| item.path == label).await?;
    Ok(())
}

#[tokio::test]
async fn an_observed_deletion_is_reported_as_reverted_after_the_switch_to_enforce() -> Result<()> {
    let scene = shop("observed-back", json!({ "drift": { "allowObserve": true } })).await?;
    observe(&scene).await?;
    finding(&scene, "drift-not-undone", "reported").await?;
    scene.delete("Service", "shop-web").await?;
    open(&scene, "the deletion", |item| item.change == DriftChange::Deleted).await?;
    merge(&scene, json!({ "spec": { "drift": { "mode": "Enforce" } } })).await?;
    scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn dangerous_drift_is_listed_before_harmless_drift() -> Result<()> {
    let scene = shop("observed-noise", json!({ "drift": { "mode": "Observe" } })).await?;
    add_miner(&scene).await?;
    open(&scene, "the container", is_miner).await?;
    make_noise(&scene, "PodDisruptionBudget").await?;
    scene
        .reported("shop", "the list is full, and the container is first", |status| {
            let open = &status.drift.open;
            (open.len() == 20 && open.first().is_some_and(is_miner)).then_some(())
        })
        .await
}

#[tokio::test]
async fn the_default_mode_of_a_policy_ends_when_the_policy_changes() -> Result<()> {
    let scene = shop("observed-default", json!({ "drift": { "mode": "Observe" } })).await?;
    set_image(&scene, "debug:1").await?;
    open(&scene, "the image", |item| item.path == IMAGE_PATH).await?;
    scene.change("shop", &format!("{WEB}  env: [{{name: DB_PASSWORD, value: x}}]\n")).await?;
    scene.condition("shop", "Accepted", "False", "Rejected").await?;
    policy(&scene, "observed-default", json!({ "drift": { "allowObserve": true } })).await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    Ok(())
}

#[tokio::test]
async fn a_child_that_is_being_deleted_isnt_reported_as_to_be_recreated() -> Result<()> {
    let scene = shop("observed-leaving", json!({ "drift": { "mode": "Observe" } })).await?;
    let services = scene.objects("Service")?;
    edit(&services, "shop-web", |object| push(object, "/metadata/finalizers", "example.com/x".into())).await?;
    scene.delete("Service", "shop-web").await?;
    let words = scene.condition("shop", "Ready", "False", "WaitingForDeletion").await?;
    assert!(words.ends_with("is being deleted"), "{words}");
    edit(&services, "shop-web", |object| remove(object, "/metadata/finalizers")).await?;
    scene.condition("shop", "Ready", "False", "Observed").await?;
    Ok(())
}
