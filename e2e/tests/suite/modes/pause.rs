//! Paused apps: the operator doesn't write to their children.

use anyhow::Result;
use e2e::audit::Request;
use hardened_app::api::{DriftChange, PAUSED};
use serde_json::{Value, json};

use super::shop::{
    NOT_GRANTED, REPLICAS, add_miner, finding, is_miner, make_noise, merge, open, open_ingress, set_image, shop,
};
use crate::policies::policy;
use crate::scene::{Scene, WEB, web_kinds};
use crate::tamper::{IMAGE_PATH, edit, set};

async fn pause(scene: &Scene, paused: Value) -> Result<()> {
    merge(scene, json!({ "metadata": { "annotations": { PAUSED: paused } } })).await
}

#[tokio::test]
async fn the_children_of_a_paused_app_are_not_written_to() -> Result<()> {
    let scene = shop("paused", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    scene.condition("shop", "Stalled", "True", "Paused").await?;
    scene.quiet().await?;

    let before = scene.requests()?.len();
    set_image(&scene, "debug:1").await?;
    open_ingress(&scene).await?;
    scene.delete("PodDisruptionBudget", "shop-web").await?;
    for what in [IMAGE_PATH, "spec.ingress", ""] {
        open(&scene, what, |item| item.path == what).await?;
    }
    // Replaces the component: one to create and one to delete after the pause.
    scene.change("shop", &WEB.replace("name: web", "name: api")).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    let requests = scene.quiet().await?.split_off(before);
    // The operator reads a child once that its watch no longer has, to check that it is gone.
    let written = |request: &&Request| request.verb != "get" && request.resource != "hardenedapps";
    assert!(!requests.iter().any(|request| written(&request)), "{requests:#?}");
    assert!(requests.iter().filter(|request| request.verb == "get").count() <= 1, "{requests:#?}");

    pause(&scene, Value::Null).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    for kind in web_kinds() {
        scene.gone(kind.name, "shop-web").await?;
        assert_ne!(scene.live(kind.name, "shop-api").await?, Value::Null, "{}", kind.name);
    }
    Ok(())
}

#[tokio::test]
async fn drift_is_reverted_at_the_end_of_a_pause() -> Result<()> {
    let scene = shop("paused-ends", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, "/spec/replicas", 1.into())).await?;
    open(&scene, "the number of pods", |item| item.path == REPLICAS).await?;
    scene.condition("shop", "InSync", "False", "Observed").await?;
    pause(&scene, "false".into()).await?;
    scene.reverted("shop", "the number of pods", |item| item.path == REPLICAS).await?;
    scene.condition("shop", "InSync", "True", "Reverted").await?;
    Ok(())
}

#[tokio::test]
async fn an_app_isnt_paused_without_permission() -> Result<()> {
    let scene = Scene::open("not-paused").await?;
    scene.ready("shop", WEB).await?;
    pause(&scene, "true".into()).await?;
    finding(&scene, NOT_GRANTED, "drift.allowPause in a HardeningPolicy named default").await?;
    set_image(&scene, "evil:1").await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    Ok(())
}

#[tokio::test]
async fn a_pause_ends_when_the_policy_withdraws_the_permission() -> Result<()> {
    let scene = shop("paused-withdrawn", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    open_ingress(&scene).await?;
    open(&scene, "the ingress", |item| item.path == "spec.ingress").await?;
    policy(&scene, "paused-withdrawn", json!({})).await?;
    scene.reverted("shop", "the ingress", |item| item.path == "spec.ingress").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn a_deletion_during_a_pause_is_still_reported_after_a_change_of_the_spec() -> Result<()> {
    let scene = shop("paused-deleted", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    scene.delete("NetworkPolicy", "shop-web").await?;
    open(&scene, "the deletion", |item| item.change == DriftChange::Deleted).await?;
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    // The status is that of the new generation.
    open(&scene, "the deletion, still,", |item| item.change == DriftChange::Deleted).await?;
    scene.condition("shop", "InSync", "False", "Observed").await?;
    pause(&scene, Value::Null).await?;
    scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    Ok(())
}

#[tokio::test]
async fn a_change_of_the_spec_during_a_pause_is_reported_as_not_in_sync() -> Result<()> {
    let scene = shop("paused-news", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    scene.condition("shop", "InSync", "False", "Paused").await?;
    pause(&scene, Value::Null).await?;
    scene.condition("shop", "InSync", "True", "InSync").await?;
    Ok(())
}

#[tokio::test]
async fn of_many_deviations_reverted_at_once_the_dangerous_ones_are_listed() -> Result<()> {
    let scene = shop("paused-noise", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    add_miner(&scene).await?;
    make_noise(&scene, "PodDisruptionBudget").await?;
    scene.reported("shop", "the list is full", |status| (status.drift.open.len() == 20).then_some(())).await?;
    pause(&scene, Value::Null).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.reverted("shop", "the container", is_miner).await?;
    Ok(())
}
