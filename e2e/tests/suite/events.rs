//! The Events of the operator.

use anyhow::Result;
use e2e::until;
use kube::api::ListParams;
use serde_json::json;

use crate::scene::{Scene, WEB};
use crate::tamper::{edit, set};
use crate::wait::LIMIT;

#[tokio::test]
async fn changes_of_the_same_type_to_an_object_are_one_event_with_a_count() -> Result<()> {
    let scene = Scene::open("events").await?;
    scene.ready("shop", WEB).await?;
    let deployments = scene.objects("Deployment")?;
    let image = ("spec.template.spec.containers[name=web].image", "/spec/template/spec/containers/0/image");
    for (path, pointer) in [image, ("spec.strategy.type", "/spec/strategy")] {
        let value = if path == image.0 { json!("evil:1") } else { json!({ "type": "Recreate" }) };
        edit(&deployments, "shop-web", |object| set(object, pointer, value.clone())).await?;
        scene.reverted("shop", path, |item| item.path == path).await?;
    }
    until("both are one event", LIMIT, async || {
        let mut events = scene.events().list(&ListParams::default()).await?.items;
        events.retain(|event| event.reason.as_deref() == Some("DriftChanged"));
        let counts: Vec<_> = events.iter().map(|event| event.series.as_ref().map(|series| series.count)).collect();
        Ok((counts == [Some(2)]).then_some(()))
    })
    .await
}
