//! A new spec of which the API server refuses a part: the status claims no more than was carried out.

use anyhow::{Context, Result};
use hardened_app::api::DriftChange::Deleted;
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::scene::{Scene, WEB};
use crate::wait::wait_until;

/// Allows one Service in the namespace; returns when that is in force.
async fn one_service(scene: &Scene) -> Result<()> {
    let quota = json!({ "metadata": { "name": "one" }, "spec": { "hard": { "services": "1" } } });
    let quotas = Api::<ResourceQuota>::namespaced(scene.client.clone(), scene.name());
    quotas.create(&PostParams::default(), &serde_json::from_value(quota)?).await?;
    wait_until(&quotas, "one", "the quota is in force", |quota| quota?.status.as_ref()?.used.as_ref().map(drop)).await
}

#[tokio::test]
async fn a_spec_that_fails_in_part_is_neither_in_sync_nor_applied() -> Result<()> {
    let scene = Scene::open("partly").await?;
    let app = scene.ready("shop", WEB).await?;
    let applied = app.metadata.generation;
    assert_eq!(app.status.context("it has a status")?.applied_generation, applied);
    one_service(&scene).await?;

    let changed = scene.change("shop", &format!("{WEB}{}", WEB.replace("web", "api"))).await?.metadata.generation;
    scene.condition_saying("shop", "Ready", "False", "ApplyFailed", "exceeded quota").await?;
    scene.condition_saying("shop", "InSync", "False", "ApplyFailed", "exceeded quota").await?;
    let generations =
        scene.reported("shop", "a status", |it| Some((it.applied_generation, it.children_generation))).await?;
    assert_eq!(generations, (applied, changed));

    // The children that exist are listed for the new spec: the deletion of one is recognized.
    scene.delete("PodDisruptionBudget", "shop-api").await?;
    let is_it = |item: &hardened_app::api::DriftItem| item.name == "shop-api" && item.change == Deleted;
    scene.reverted("shop", "the deletion", is_it).await?;

    let back = scene.change("shop", WEB).await?.metadata.generation;
    scene
        .reported("shop", "the spec is applied", |status| {
            let applied = status.applied_generation == back && status.children_generation.is_none();
            (back.is_some() && applied).then_some(())
        })
        .await?;
    scene.condition("shop", "InSync", "True", "Reverted").await?;
    Ok(())
}
