//! The operator sends no requests while nothing changes.

use std::time::Duration;

use anyhow::Result;
use kube::api::PostParams;
use serde_json::json;

use crate::samples::LARGEST;
use crate::scene::{Scene, WEB};

#[tokio::test]
async fn an_unchanged_app_causes_no_requests() -> Result<()> {
    let scene = Scene::open("rest").await?;
    scene.create_from(serde_saphyr::from_str(LARGEST)?).await?;
    scene.create("ready", WEB).await?;
    scene.in_place("shop").await?;
    scene.condition("ready", "Ready", "True", "Available").await?;
    let before = scene.quiet().await?;
    // The measured time, not a wait for a condition.
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(scene.requests()?, before);
    Ok(())
}

/// Such an app must cause no requests either: a cluster may have hundreds of them for months.
#[tokio::test]
async fn an_app_that_a_user_has_to_correct_causes_no_requests() -> Result<()> {
    let scene = Scene::open("unhappy").await?;
    let foreign = json!({ "metadata": { "name": "conflict-web" }, "spec": { "ports": [{ "port": 80 }] } });
    scene.objects("Service")?.create(&PostParams::default(), &serde_json::from_value(foreign)?).await?;
    scene.create("conflict", WEB).await?;
    scene.create("rejected", &format!("{WEB}  connectsTo: [api]\n")).await?;
    // It is ready first, so that it has children to keep while its new spec is rejected.
    scene.ready("refused", WEB).await?;
    scene.change("refused", &format!("{WEB}  connectsTo: [api]\n")).await?;
    scene.condition("conflict", "Stalled", "True", "Conflict").await?;
    scene.condition("rejected", "Stalled", "True", "Rejected").await?;
    scene.condition("refused", "Stalled", "True", "Rejected").await?;
    let before = scene.quiet().await?;
    // The measured time. The conflict isn't over a ServiceAccount or NetworkPolicy, so the operator doesn't retry within it.
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert_eq!(scene.requests()?, before);
    Ok(())
}
