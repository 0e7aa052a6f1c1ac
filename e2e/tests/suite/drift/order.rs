//! The order of lists: restored where it has a meaning, left where it has none.

use anyhow::{Context, Result};
use hardened_app::api::DriftChange::{self, Changed};
use serde_json::Value;

use super::edit::is_reported;
use crate::scene::{Scene, WEB};
use crate::tamper::{edit, set};

/// `URL` refers to `HOST`, which Kubernetes replaces only in variables that come later.
const HOST: &str = "{name: HOST, value: db}";
const URL: &str = "{name: URL, value: 'http://$(HOST)/'}";

const ENV: &str = "/spec/template/spec/containers/0/env";
const ENV_PATH: &str = "spec.template.spec.containers[name=web].env";

fn with_env(variables: [&str; 2]) -> String {
    format!("{WEB}  env: [{}]\n", variables.join(", "))
}

fn names(deployment: &Value) -> Vec<&str> {
    let env = deployment.pointer(ENV).and_then(Value::as_array);
    env.into_iter().flatten().filter_map(|variable| variable.get("name")?.as_str()).collect()
}

fn reverse(object: &mut Value, pointer: &str) {
    if let Some(Value::Array(list)) = object.pointer_mut(pointer) {
        list.reverse();
    }
}

#[tokio::test]
async fn variables_that_were_moved_are_put_back() -> Result<()> {
    let scene = Scene::open("moved").await?;
    scene.ready("shop", &with_env([HOST, URL])).await?;
    let moved = edit(&scene.objects("Deployment")?, "shop-web", |object| reverse(object, ENV)).await?;
    assert_eq!(names(&moved), ["URL", "HOST"]);
    let item = scene.reverted("shop", "the order", |item| item.path == ENV_PATH).await?;
    // The API server records no manager for an order.
    is_reported(&item, "Deployment", "shop-web", Changed, "")?;
    assert_eq!((item.desired.as_str(), item.live.as_str(), item.dangerous), ("HOST, URL", "URL, HOST", true));
    assert_eq!(names(&scene.live("Deployment", "shop-web").await?), ["HOST", "URL"]);
    Ok(())
}

#[tokio::test]
async fn a_new_order_of_variables_in_the_spec_is_applied() -> Result<()> {
    let scene = Scene::open("reordered").await?;
    scene.ready("shop", &with_env([URL, HOST])).await?;
    assert_eq!(names(&scene.live("Deployment", "shop-web").await?), ["URL", "HOST"]);
    scene.change("shop", &with_env([HOST, URL])).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(names(&scene.live("Deployment", "shop-web").await?), ["HOST", "URL"]);
    let status = scene.apps().get("shop").await?.status.context("it has a status")?;
    assert!(status.drift.is_empty(), "{:?}", status.drift);
    Ok(())
}

/// Lists whose order has no meaning: kind, pointer to the list, and what is edited afterwards.
const WITHOUT_ORDER: [(&str, &str); 4] = [
    ("Deployment", "/spec/template/spec/volumes"),
    ("NetworkPolicy", "/spec/policyTypes"),
    ("NetworkPolicy", "/spec/egress/0/ports"),
    ("NetworkPolicy", "/spec/egress/0/to"),
];

#[tokio::test]
async fn another_order_without_a_meaning_costs_no_write() -> Result<()> {
    let scene = Scene::open("unordered").await?;
    scene.ready("shop", &format!("{WEB}  writablePaths: [{{path: /a, size: 1Mi}}]\n")).await?;
    for (kind, pointer) in WITHOUT_ORDER {
        let before = scene.live(kind, "shop-web").await?;
        let edited = edit(&scene.objects(kind)?, "shop-web", |object| reverse(object, pointer)).await?;
        assert_ne!(before.pointer(pointer), edited.pointer(pointer), "{pointer}: the API server keeps the new order");
    }
    // A later edit of each object is seen and reverted; the orders aren't.
    for kind in ["Deployment", "NetworkPolicy"] {
        edit(&scene.objects(kind)?, "shop-web", |object| set(object, "/metadata/labels/team", "x".into())).await?;
        let is_it = |item: &hardened_app::api::DriftItem| item.kind == kind && item.path == "metadata.labels.team";
        scene.reverted("shop", kind, is_it).await?;
    }
    let reverted = scene.apps().get("shop").await?.status.context("it has a status")?.drift.reverted;
    let changes: Vec<(&str, DriftChange)> = reverted.iter().map(|item| (item.path.as_str(), item.change)).collect();
    assert_eq!(changes, [("metadata.labels.team", DriftChange::Added); 2]);
    Ok(())
}
