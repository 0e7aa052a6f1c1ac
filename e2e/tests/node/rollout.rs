//! A new version of an app, while it is used.

use anyhow::Result;
use hardened_app::api::HardenedApp;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::{select, task};

use crate::ask::ask;
use crate::place::Place;
use crate::samples::SMALLEST;

const NEW: &str = "registry.example.com/hello:1.1.0";

/// Asks again and again, each time on a connection of its own; counts the answers.
async fn keep_asking(service: &str, answers: &mut u32) -> Result<()> {
    loop {
        assert_eq!(ask(service, "/").await?, "ok");
        *answers += 1;
        task::yield_now().await;
    }
}

#[tokio::test]
async fn no_request_is_lost_while_an_app_gets_a_new_image() -> Result<()> {
    let place = Place::restricted("rollout").await?;
    let app = place.app(SMALLEST).await?;
    place.ready(&app).await?;
    let service = place.service("hello-web", 8080).await?;

    let component = json!([{ "name": "web", "image": NEW, "ports": [{ "name": "http", "port": 8080 }] }]);
    let patch = Patch::Merge(json!({ "spec": { "components": component } }));
    let replaced = async {
        place.api::<HardenedApp>().patch(&app, &PatchParams::default(), &patch).await?;
        place.replaced("hello.web", NEW).await?;
        place.ready(&app).await
    };
    let mut answers = 0;
    select! {
        outcome = keep_asking(&service, &mut answers) => outcome?,
        outcome = replaced => outcome?,
    }
    assert!(answers > 100, "{answers} answers");
    Ok(())
}
