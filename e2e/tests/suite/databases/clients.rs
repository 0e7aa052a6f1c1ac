//! A change of clients is safe at every instant: what a pod needs is open before it runs, and closed after the last one that needs it.

use anyhow::{Context, Result};
use e2e::until;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{let_in, managed, orders, shop, workloads};
use crate::releases::{Kubelet, PodOutcome};
use crate::scene::Scene;
use crate::tamper::set;
use crate::wait::LIMIT;

/// Component `web`.
fn component(version: &str, replicas: u8, connects_to: &Value) -> Value {
    json!({
        "name": "web",
        "image": format!("registry.example.com/hello:{version}"),
        "replicas": replicas,
        "ports": [{ "name": "http", "port": 8080 }],
        "connectsTo": connects_to,
    })
}

#[tokio::test]
async fn a_database_lets_a_client_in_before_the_clients_pods_change() -> Result<()> {
    let scene = Scene::open("new-client").await?;
    let mut app = shop("", &json!([orders()]))?;
    set(&mut app, "/spec/databases/0/allowFrom", json!([{ "app": "reports", "component": "job" }]));
    scene.create_from(app).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(let_in(&scene, "shop-db.pods").await?, ["reports.job"]);
    let before = scene.quiet().await?.len();

    let web = component("2.0.0", 0, &json!(["db"]));
    let change = Patch::Merge(json!({ "spec": { "components": [web] } }));
    scene.apps().patch("shop", &PatchParams::default(), &change).await?;
    scene
        .object("NetworkPolicy", "shop-db.pods", "it lets web in", |live| {
            workloads(live).contains(&"shop.web".to_owned()).then_some(())
        })
        .await?;
    let requests = scene.quiet().await?.split_off(before);
    let position = |resource: &str, name: &str| {
        let found = requests.iter().position(|it| it.resource == resource && it.name.as_deref() == Some(name));
        found.with_context(|| format!("no request for {resource} {name}: {requests:#?}"))
    };
    let deployment = position("deployments", "shop-web")?;
    assert!(position("networkpolicies", "shop-db.pods")? < deployment, "{requests:#?}");
    assert!(position("networkpolicies", "shop-web")? < deployment, "{requests:#?}");
    Ok(())
}

#[tokio::test]
async fn a_connection_is_closed_after_the_last_pod_that_needs_it() -> Result<()> {
    let scene = Scene::open("old-client").await?;
    // Without a node the pod never becomes ready, so a rollout isn't complete while there is one.
    scene.create_from(shop("  connectsTo: [db]\n", &json!([orders()]))?).await?;
    let web = |component: &Value| Patch::Merge(json!({ "spec": { "components": [component] } }));
    let apps = scene.apps();
    apps.patch("shop", &PatchParams::default(), &web(&component("1.0.0", 1, &json!(["db"])))).await?;
    scene.in_place("shop").await?;
    scene
        .object("Deployment", "shop-web", "it has a pod", |live| {
            (live.pointer("/status/replicas") == Some(&json!(1))).then_some(())
        })
        .await?;

    let mut database = orders();
    set(&mut database, "/allowFrom", json!([{ "app": "reports", "component": "job" }]));
    let without = component("2.0.0", 1, &Value::Null);
    let spec = Patch::Merge(json!({ "spec": { "components": [without], "databases": [database] } }));
    apps.patch("shop", &PatchParams::default(), &spec).await?;
    scene
        .object("Deployment", "shop-web", "it has the new image", |live| {
            (live.pointer("/spec/template/spec/containers/0/image") == Some(&json!("registry.example.com/hello:2.0.0")))
                .then_some(())
        })
        .await?;
    scene.quiet().await?;
    assert_eq!(let_in(&scene, "shop-db.pods").await?, ["reports.job", "shop.web"], "a pod of the earlier release runs");

    // With the last pod the rollout ends.
    apps.patch("shop", &PatchParams::default(), &web(&component("2.0.0", 0, &Value::Null))).await?;
    scene
        .object("NetworkPolicy", "shop-db.pods", "it doesn't let web in any more", |live| {
            (workloads(live) == ["reports.job"]).then_some(())
        })
        .await?;
    let egress = scene.live("NetworkPolicy", "shop-web").await?;
    let rules = egress.pointer("/spec/egress").and_then(Value::as_array).map_or(0, Vec::len);
    assert_eq!(rules, 1, "only DNS: {egress:#}");
    Ok(())
}

/// The pods of the former database stay for a while: a finalizer stands for what takes long to end.
#[tokio::test]
async fn a_database_that_changes_its_form_keeps_the_guard_of_its_pods() -> Result<()> {
    let scene = Scene::open("other-form").await?;
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("  connectsTo: [db]\n", &json!([managed()]))?).await?;
    scene.in_place("shop").await?;
    let pods = Api::<Pod>::namespaced(scene.client.clone(), scene.name());
    until("the database has a pod", LIMIT, async || Ok(pods.get_opt("shop-db-0").await?)).await?;
    let finalizers = |names: Value| Patch::Merge(json!({ "metadata": { "finalizers": names } }));
    pods.patch("shop-db-0", &PatchParams::default(), &finalizers(json!(["example.com/hold"]))).await?;

    let change = Patch::Merge(json!({ "spec": { "databases": [orders()] } }));
    scene.apps().patch("shop", &PatchParams::default(), &change).await?;
    scene.object("NetworkPolicy", "shop-db.pods", "it exists", |_| Some(())).await?;
    scene.gone("StatefulSet", "shop-db").await?;
    scene.quiet().await?;
    let guard = scene.live("NetworkPolicy", "shop-db").await?;
    let selected = guard.pointer("/spec/podSelector/matchLabels/hardened.dev~1workload");
    assert_eq!(selected, Some(&json!("shop.db")), "its pod still exists");
    pods.patch("shop-db-0", &PatchParams::default(), &finalizers(Value::Null)).await?;
    scene.gone("NetworkPolicy", "shop-db").await
}
