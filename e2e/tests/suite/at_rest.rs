//! What the operator asks of the API server while nothing happens: nothing.

use std::time::Duration;

use anyhow::Result;
use kube::api::PostParams;
use serde_json::json;

use crate::samples::LARGEST;
use crate::scene::{Scene, WEB};

#[tokio::test]
async fn an_app_at_rest_costs_nothing() -> Result<()> {
    let scene = Scene::open("rest").await?;
    scene.create_from(serde_saphyr::from_str(LARGEST)?).await?;
    scene.create("ready", WEB).await?;
    scene.in_place("shop").await?;
    scene.condition("ready", "Ready", "True", "Available").await?;
    let before = scene.quiet().await?;
    // Not a wait for something: this is the time that is measured.
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(scene.requests()?, before);
    Ok(())
}

/// Waiting for a person must not cost anything either: a cluster may have hundreds of such apps for months.
#[tokio::test]
async fn an_app_that_waits_for_somebody_to_act_costs_nothing() -> Result<()> {
    let scene = Scene::open("unhappy").await?;
    let foreign = json!({ "metadata": { "name": "conflict-web" }, "spec": { "ports": [{ "port": 80 }] } });
    scene.objects("Service")?.create(&PostParams::default(), &serde_json::from_value(foreign)?).await?;
    scene.create("conflict", WEB).await?;
    scene.create("rejected", &format!("{WEB}  connectsTo: [api]\n")).await?;
    // It runs, so that there is something to keep while its new spec is refused.
    scene.ready("refused", WEB).await?;
    scene.change("refused", &format!("{WEB}  connectsTo: [api]\n")).await?;
    scene.condition("conflict", "Stalled", "True", "Conflict").await?;
    scene.condition("rejected", "Stalled", "True", "Rejected").await?;
    scene.condition("refused", "Stalled", "True", "Rejected").await?;
    let before = scene.quiet().await?;
    // The time that is measured; the name of no guard, so nothing is tried again within it.
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert_eq!(scene.requests()?, before);
    Ok(())
}
