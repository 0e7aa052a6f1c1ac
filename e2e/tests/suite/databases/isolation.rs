//! `DatabasesIsolated` and the finding `bypass`: what others have in the namespace is judged and named.

use std::time::{Duration, Instant};

use anyhow::Result;
use hardened_app::api::{PAUSED, POLICY_LABEL};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{managed, orders, shop};
use crate::policies::policy;
use crate::scene::Scene;

/// An opening is reported within a second; on a machine that runs all tests at once this much is granted. Nothing is looked at again on
/// its own before 15 seconds have passed.
const SOON: Duration = Duration::from_secs(5);

const CONDITION: &str = "DatabasesIsolated";

async fn create<K>(scene: &Scene, object: Value) -> Result<Api<K>>
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + Serialize
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(scene.client.clone(), scene.name());
    api.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
    Ok(api)
}

/// A pod of the database, as its operator would make it.
async fn pod(scene: &Scene, port: u16) -> Result<Api<Pod>> {
    create(scene, json!({
        "metadata": { "name": "orders-1", "labels": { "cluster": "orders" } },
        "spec": { "containers": [{ "name": "postgres", "image": "registry.example.com/postgres:17", "ports": [{ "containerPort": port }] }] },
    }))
    .await
}

/// An app with a database that only its clients reach.
async fn isolated(name: &str) -> Result<Scene> {
    let scene = Scene::open(name).await?;
    pod(&scene, 5432).await?;
    scene.create_from(shop("  connectsTo: [db]\n", &json!([orders()]))?).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;
    Ok(scene)
}

#[tokio::test]
async fn a_policy_that_opens_a_database_is_named_within_a_second_and_closed_again() -> Result<()> {
    let scene = isolated("opened").await?;

    let began = Instant::now();
    let open = json!({ "metadata": { "name": "allow-all" }, "spec": { "podSelector": {}, "ingress": [{}] } });
    let policies = create::<NetworkPolicy>(&scene, open).await?;
    let message = scene.condition("shop", CONDITION, "False", "Opened").await?;
    let took = began.elapsed();
    println!("reported after {} ms", took.as_millis());
    assert!(took < SOON, "reported after {took:?}");
    assert!(message.contains("db: NetworkPolicy allow-all lets in everyone"), "{message}");
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    assert_eq!(status.databases.iter().map(|it| it.isolated).collect::<Vec<_>>(), [Some(false)]);
    assert!(status.findings.iter().any(|it| it.check == "bypass" && it.component == "web"), "{:?}", status.findings);

    policies.delete("allow-all", &DeleteParams::default()).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;
    scene
        .reported("shop", "the finding is gone", |status| {
            (!status.findings.iter().any(|it| it.check == "bypass")).then_some(())
        })
        .await
}

#[tokio::test]
async fn a_service_that_exposes_a_database_is_named() -> Result<()> {
    let scene = isolated("exposed").await?;
    let spec = json!({ "type": "NodePort", "selector": { "cluster": "orders" }, "ports": [{ "port": 5432 }] });
    let services = create::<Service>(&scene, json!({ "metadata": { "name": "outside" }, "spec": spec })).await?;
    let message = scene.condition("shop", CONDITION, "False", "Opened").await?;
    assert!(message.contains("Service outside"), "{message}");
    let inside = Patch::Merge(json!({ "spec": { "type": "ClusterIP" } }));
    services.patch("outside", &PatchParams::default(), &inside).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await.map(drop)
}

#[tokio::test]
async fn pods_that_are_missing_or_listen_elsewhere_are_reported() -> Result<()> {
    let scene = Scene::open("no-pods").await?;
    scene.create_from(shop("  connectsTo: [db]\n", &json!([orders()]))?).await?;
    let message = scene.condition("shop", CONDITION, "False", "NoPods").await?;
    assert!(message.contains("cluster=orders"), "{message}");
    let pods = pod(&scene, 3306).await?;
    scene.condition("shop", CONDITION, "False", "PortMismatch").await?;
    pods.delete("orders-1", &DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() }).await?;
    scene.condition("shop", CONDITION, "False", "NoPods").await?;
    pod(&scene, 5432).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    let database = status.databases.first().cloned().unwrap_or_default();
    assert_eq!((database.pods, database.clients), (Some(1), vec!["web".to_owned()]));
    Ok(())
}

#[tokio::test]
async fn the_first_app_that_names_pods_keeps_them_and_lets_others_in() -> Result<()> {
    let scene = isolated("claimed").await?;
    let mut second = shop("  connectsTo: [db]\n", &json!([orders()]))?;
    crate::tamper::set(&mut second, "/metadata/name", "reports".into());
    scene.create_from(second).await?;
    let message = scene.condition("reports", CONDITION, "False", "Claimed").await?;
    assert!(message.contains("app shop, which doesn't let in web"), "{message}");
    assert_eq!(scene.live("NetworkPolicy", "reports-db.pods").await?, Value::Null, "the pods have one policy");

    let mut database = orders();
    crate::tamper::set(&mut database, "/allowFrom", json!([{ "app": "reports", "component": "web" }]));
    let allowed = Patch::Merge(json!({ "spec": { "databases": [database] } }));
    scene.apps().patch("shop", &PatchParams::default(), &allowed).await?;
    scene.condition("reports", CONDITION, "True", "Isolated").await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;

    // Once the first app has gone, the second one restricts the pods.
    scene.apps().delete("shop", &DeleteParams::default()).await?;
    scene.object("NetworkPolicy", "reports-db.pods", "it exists", |_| Some(())).await?;
    scene.condition("reports", CONDITION, "True", "Isolated").await.map(drop)
}

/// The policy goes before the app: then no event but that of the app itself says that the pods are free.
#[tokio::test]
async fn the_pods_of_an_app_that_leaves_go_to_the_next_one() -> Result<()> {
    let scene = isolated("left").await?;
    let mut second = shop("  connectsTo: [db]\n", &json!([orders()]))?;
    crate::tamper::set(&mut second, "/metadata/name", "reports".into());
    scene.create_from(second).await?;
    scene.condition("reports", CONDITION, "False", "Claimed").await?;

    let finalizers = |names: Value| Patch::Merge(json!({ "metadata": { "finalizers": names } }));
    let apps = scene.apps();
    apps.patch("shop", &PatchParams::default(), &finalizers(json!(["example.com/hold"]))).await?;
    scene.quiet().await?;
    apps.delete("shop", &DeleteParams::default()).await?;
    scene.delete("NetworkPolicy", "shop-db.pods").await?;
    scene.quiet().await?;
    assert_eq!(scene.live("NetworkPolicy", "reports-db.pods").await?, Value::Null, "the other app still exists");
    let began = Instant::now();
    apps.patch("shop", &PatchParams::default(), &finalizers(Value::Null)).await?;
    scene.object("NetworkPolicy", "reports-db.pods", "it exists", |_| Some(())).await?;
    let took = began.elapsed();
    assert!(took < SOON, "taken over after {took:?}");
    scene.condition("reports", CONDITION, "True", "Isolated").await.map(drop)
}

#[tokio::test]
async fn the_pods_of_another_app_are_judged_like_its_own() -> Result<()> {
    let scene = isolated("borrowed").await?;
    let mut database = orders();
    crate::tamper::set(&mut database, "/allowFrom", json!([{ "app": "reports", "component": "web" }]));
    let allowed = Patch::Merge(json!({ "spec": { "databases": [database] } }));
    scene.apps().patch("shop", &PatchParams::default(), &allowed).await?;
    let mut second = shop("  connectsTo: [db]\n", &json!([orders()]))?;
    crate::tamper::set(&mut second, "/metadata/name", "reports".into());
    scene.create_from(second).await?;
    scene.condition("reports", CONDITION, "True", "Isolated").await?;
    let open = json!({ "metadata": { "name": "allow-all" }, "spec": { "podSelector": {}, "ingress": [{}] } });
    create::<NetworkPolicy>(&scene, open).await?;
    for app in ["shop", "reports"] {
        let message = scene.condition(app, CONDITION, "False", "Opened").await?;
        assert!(message.contains("db: NetworkPolicy allow-all lets in everyone"), "{app}: {message}");
    }
    Ok(())
}

/// In the mode Observe what others change in a Service is only reported; and in a paused app what they change in a policy.
#[tokio::test]
async fn an_own_object_that_stays_changed_opens_a_database() -> Result<()> {
    let name = "own-opening";
    let scene = Scene::labelled(name, &[(POLICY_LABEL, name)]).await?;
    policy(&scene, name, json!({ "drift": { "allowObserve": true, "allowPause": true } })).await?;
    pod(&scene, 5432).await?;
    let mut app = shop("  connectsTo: [db]\n", &json!([orders()]))?;
    crate::tamper::set(&mut app, "/spec/drift", json!({ "mode": "Observe" }));
    scene.create_from(app).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;
    let services = Api::<Service>::namespaced(scene.client.clone(), scene.name());
    let selector = json!({ "hardened.dev/workload": null, "cluster": "orders" });
    let change = Patch::Merge(json!({ "spec": { "type": "NodePort", "selector": selector } }));
    services.patch("shop-web", &PatchParams::default(), &change).await?;
    let message = scene.condition("shop", CONDITION, "False", "Opened").await?;
    assert!(message.contains("Service shop-web leads to it from outside the cluster"), "{message}");

    let paused = Patch::Merge(json!({ "metadata": { "annotations": { PAUSED: "true" } } }));
    scene.apps().patch("shop", &PatchParams::default(), &paused).await?;
    scene.quiet().await?;
    services.delete("shop-web", &DeleteParams::default()).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;
    let everyone = Patch::Merge(json!({ "spec": {
        "podSelector": { "matchLabels": { "hardened.dev/workload": null } }, "ingress": [{}],
    } }));
    let policies = Api::<NetworkPolicy>::namespaced(scene.client.clone(), scene.name());
    policies.patch("shop-web", &PatchParams::default(), &everyone).await?;
    let message = scene.condition("shop", CONDITION, "False", "Opened").await?;
    assert!(message.contains("NetworkPolicy shop-web lets in everyone"), "{message}");
    Ok(())
}

#[tokio::test]
async fn the_labels_of_database_pods_cannot_change() -> Result<()> {
    let scene = Scene::open("fixed-labels").await?;
    scene.create_from(shop("  connectsTo: [db]\n", &json!([orders()]))?).await?;
    let mut changed = orders();
    crate::tamper::set(&mut changed, "/pods/matchLabels", json!({ "cluster": "other" }));
    let patch = Patch::Merge(json!({ "spec": { "databases": [changed] } }));
    let refused = scene.apps().patch("shop", &PatchParams::default(), &patch).await.map(drop);
    let words = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(words.contains("name the new ones as a database of another name"), "{words}");
    Ok(())
}

#[tokio::test]
async fn a_managed_database_is_judged_like_others() -> Result<()> {
    let scene = Scene::open("managed-open").await?;
    scene.create_from(shop("  connectsTo: [db]\n", &json!([managed()]))?).await?;
    scene.condition("shop", CONDITION, "True", "Isolated").await?;
    // A label that the controller of the StatefulSet adds.
    let selector = json!({ "matchLabels": { "statefulset.kubernetes.io/pod-name": "shop-db-0" } });
    let spec = json!({ "podSelector": selector, "ingress": [{ "from": [{ "podSelector": {} }] }] });
    create::<NetworkPolicy>(&scene, json!({ "metadata": { "name": "peers" }, "spec": spec })).await?;
    let message = scene.condition("shop", CONDITION, "False", "Opened").await?;
    assert!(message.contains("NetworkPolicy peers lets in"), "{message}");
    Ok(())
}

/// A foreign object with the operator's label is foreign all the same.
#[tokio::test]
async fn what_leads_to_a_components_pods_is_a_finding() -> Result<()> {
    let scene = Scene::open("bypassed").await?;
    scene.create_from(shop("", &json!([]))?).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let labels = json!({ "app.kubernetes.io/managed-by": "hardened-app" });
    let open = json!({ "podSelector": { "matchLabels": { "app.kubernetes.io/part-of": "shop" } }, "ingress": [{}] });
    create::<NetworkPolicy>(&scene, json!({ "metadata": { "name": "open", "labels": labels }, "spec": open })).await?;
    let spec = json!({ "type": "LoadBalancer", "selector": { "hardened.dev/workload": "shop.web" }, "ports": [{ "port": 80 }] });
    create::<Service>(&scene, json!({ "metadata": { "name": "second" }, "spec": spec })).await?;
    let backend = json!({ "service": { "name": "shop-web", "port": { "number": 8080 } } });
    let ingress = json!({ "metadata": { "name": "way-in" }, "spec": { "defaultBackend": backend } });
    create::<Ingress>(&scene, ingress).await?;
    for words in
        ["NetworkPolicy open selects its pods", "Service second leads to its pods", "Ingress way-in leads to its pods"]
    {
        scene
            .reported("shop", words, |status| {
                let mut found = status.findings.iter().filter(|it| it.check == "bypass" && it.component == "web");
                found.any(|it| it.message.contains(words)).then_some(())
            })
            .await?;
    }
    Ok(())
}
