//! A rollout of a new image while clients send requests.

use anyhow::Result;
use hardened_app::api::HardenedApp;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::load::{Load, TOLERATED};
use crate::place::Place;
use crate::samples::SMALLEST;

const NEW: &str = "registry.example.com/hello:1.1.0";

#[tokio::test]
async fn no_request_is_lost_while_an_app_gets_a_new_image() -> Result<()> {
    let place = Place::restricted("rollout").await?;
    let app = place.app(SMALLEST).await?;
    place.ready(&app).await?;
    let load = Load::start(place.service("hello-web", 8080).await?, "/");

    let component = json!([{ "name": "web", "image": NEW, "ports": [{ "name": "http", "port": 8080 }] }]);
    let patch = Patch::Merge(json!({ "spec": { "components": component } }));
    place.api::<HardenedApp>().patch(&app, &PatchParams::default(), &patch).await?;
    place.replaced("hello.web", NEW).await?;
    place.ready(&app).await?;
    let outcomes = load.outcomes();
    assert_eq!(outcomes.failures, Vec::<String>::new());
    assert!(outcomes.bypassed <= TOLERATED, "{outcomes:?}");
    assert!(outcomes.answers.keys().eq(["ok"]) && outcomes.answered() > 100, "{outcomes:?}");
    Ok(())
}
