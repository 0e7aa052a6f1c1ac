//! A user deletes a NetworkPolicy repeatedly.

use anyhow::{Context, Result};
use hardened_app::api::{self, HardenedAppStatus};
use serde_json::Value;

use crate::scene::{Scene, WEB};
use crate::statuses::Statuses;
use crate::timeline::{Timeline, came_without};

/// More than the operator tolerates for other kinds before it pauses.
const DELETIONS: usize = 10;

fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid")?.as_str()
}

/// Deletes an object and waits until the operator has recreated it.
async fn replaced(scene: &Scene, kind: &str) -> Result<()> {
    let before = scene.live(kind, "shop-web").await?;
    scene.delete(kind, "shop-web").await?;
    scene.object(kind, "shop-web", "it is recreated", |live| (uid(live)? != uid(&before)?).then_some(())).await
}

#[tokio::test]
async fn a_network_policy_is_recreated_at_once_however_often_it_is_deleted() -> Result<()> {
    let scene = Scene::open("again").await?;
    scene.ready("shop", WEB).await?;
    let timeline = Timeline::record(&scene, &["NetworkPolicy", "Deployment"], "shop-web").await?;
    let statuses = Statuses::record(&scene.apps(), "shop").await?;
    for _ in 0..DELETIONS {
        replaced(&scene, "NetworkPolicy").await?;
    }
    // The operator would report a pause in the status before it begins.
    let paused = |status: &HardenedAppStatus| status.conditions.iter().any(|known| known.reason == "Contested");
    assert!(!statuses.all().await?.iter().any(paused), "the operator paused");

    // Pods of a Deployment that is created before the NetworkPolicy would have unrestricted network access.
    scene.delete("NetworkPolicy", "shop-web").await?;
    replaced(&scene, "Deployment").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let mut versions = Vec::new();
    for kind in ["NetworkPolicy", "Deployment"] {
        versions.push((kind, api::version(&scene.objects(kind)?.get("shop-web").await.context(kind)?.metadata)));
    }
    let moments = timeline.until(&versions).await?;
    let bare = came_without(&moments, "Deployment", "NetworkPolicy");
    assert!(bare.is_empty(), "a Deployment was created without a NetworkPolicy at {bare:?}: {moments:?}");
    Ok(())
}
