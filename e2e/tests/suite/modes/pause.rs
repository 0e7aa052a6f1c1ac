//! Apps to whose objects nothing is written.

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
async fn nothing_is_written_to_the_objects_of_a_paused_app() -> Result<()> {
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
    // A component that isn't there yet, and none of the one that was.
    scene.change("shop", &WEB.replace("name: web", "name: api")).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    let requests = scene.quiet().await?.split_off(before);
    // A child that is out of sight is asked for once, whether it is gone.
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
async fn the_end_of_a_pause_undoes_what_was_done_in_it() -> Result<()> {
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
async fn nobody_pauses_an_app_without_permission() -> Result<()> {
    let scene = Scene::open("not-paused").await?;
    scene.ready("shop", WEB).await?;
    pause(&scene, "true".into()).await?;
    finding(&scene, NOT_GRANTED, "drift.allowPause in a HardeningPolicy named default").await?;
    set_image(&scene, "evil:1").await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    Ok(())
}

#[tokio::test]
async fn a_policy_that_ends_the_permission_ends_the_pause() -> Result<()> {
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
async fn a_change_of_the_spec_hides_nothing_that_was_deleted_in_a_pause() -> Result<()> {
    let scene = shop("paused-deleted", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    scene.delete("NetworkPolicy", "shop-web").await?;
    open(&scene, "the deletion", |item| item.change == DriftChange::Deleted).await?;
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    // Of the new generation.
    open(&scene, "the deletion, still,", |item| item.change == DriftChange::Deleted).await?;
    scene.condition("shop", "InSync", "False", "Observed").await?;
    pause(&scene, Value::Null).await?;
    scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    Ok(())
}

#[tokio::test]
async fn a_change_that_waits_for_the_end_of_a_pause_is_out_of_sync() -> Result<()> {
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
async fn of_many_deviations_undone_at_once_those_that_weaken_are_told() -> Result<()> {
    let scene = shop("paused-noise", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    add_miner(&scene).await?;
    make_noise(&scene, "PodDisruptionBudget").await?;
    scene.reported("shop", "all the room is taken", |status| (status.drift.open.len() == 20).then_some(())).await?;
    pause(&scene, Value::Null).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.reverted("shop", "the container", is_miner).await?;
    Ok(())
}
