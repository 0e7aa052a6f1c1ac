//! Objects that differ in a field that the API server never changes.

use anyhow::Result;
use e2e::until;
use hardened_app::api::DriftChange;
use kube::api::{DeleteParams, Patch, PostParams};
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::{patch, remove, set};
use crate::wait::LIMIT;

/// What someone with the role `edit` can create under the name of a child, with the app as its owner: privileged pods that no
/// NetworkPolicy of the app selects.
fn privileged(owner: &Value, name: &str) -> Value {
    let labels = json!({ "app": "mine" });
    let container = json!({ "name": "evil", "image": "evil:1", "securityContext": { "privileged": true } });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name, "ownerReferences": [owner] },
        "spec": {
            "replicas": 0,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container], "hostNetwork": true } },
        },
    })
}

/// A second component, whose objects don't exist yet.
fn with_api() -> String {
    format!("{WEB}{}", WEB.replace("name: web", "name: api"))
}

#[tokio::test]
async fn a_deployment_made_before_under_the_name_of_a_child_is_replaced() -> Result<()> {
    let scene = Scene::open("squatted").await?;
    scene.ready("shop", WEB).await?;
    let owner = scene.live("Deployment", "shop-web").await?["metadata"]["ownerReferences"][0].clone();
    let squatter = serde_json::from_value(privileged(&owner, "shop-api"))?;
    let squatter = scene.objects("Deployment")?.create(&PostParams::default(), &squatter).await?;
    scene.change("shop", &with_api()).await?;
    let item = scene.reverted("shop", "the selector", |item| item.change == DriftChange::Replaced).await?;
    assert_eq!(
        (item.kind.as_str(), item.name.as_str(), item.path.as_str()),
        ("Deployment", "shop-api", "spec.selector")
    );
    scene.in_place("shop").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let live = scene.live("Deployment", "shop-api").await?;
    assert_ne!(live["metadata"]["uid"], json!(squatter.metadata.uid));
    // At no time was the policy of the component missing: it was made before, and not again.
    let (_, before) = scene.version("NetworkPolicy", "shop-api").await?;
    scene.quiet().await?;
    assert_eq!(scene.version("NetworkPolicy", "shop-api").await?.1, before);
    Ok(())
}

#[tokio::test]
async fn one_that_a_finalizer_keeps_is_waited_for() -> Result<()> {
    let scene = Scene::open("held").await?;
    scene.ready("shop", WEB).await?;
    let owner = scene.live("Deployment", "shop-web").await?["metadata"]["ownerReferences"][0].clone();
    let mut squatter = privileged(&owner, "shop-api");
    set(&mut squatter, "/metadata/finalizers", json!(["example.com/keep"]));
    scene.objects("Deployment")?.create(&PostParams::default(), &serde_json::from_value(squatter)?).await?;
    scene.change("shop", &with_api()).await?;
    for condition in ["Ready", "InSync"] {
        scene.condition("shop", condition, "False", "WaitingForDeletion").await?;
    }
    let open = scene.reported("shop", "the deviations", |status| Some(status.drift.open.clone())).await?;
    assert!(open.iter().any(|item| item.change == DriftChange::Replaced), "{open:?}");
    patch(&scene.objects("Deployment")?, "shop-api", &Patch::Merge(json!({ "metadata": { "finalizers": null } })))
        .await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let drift = scene.reported("shop", "the drift", |status| Some(status.drift.clone())).await?;
    assert_eq!(drift.open, []);
    assert!(drift.reverted.iter().any(|item| item.change == DriftChange::Replaced), "{drift:?}");
    assert!(!drift.reverted.iter().any(|item| item.change == DriftChange::Deleted), "{drift:?}");
    Ok(())
}

#[tokio::test]
async fn an_object_recreated_with_what_cant_be_changed_is_replaced() -> Result<()> {
    let scene = Scene::open("recreated").await?;
    scene.ready("shop", WEB).await?;
    for (kind, path) in [("Deployment", "spec.selector"), ("Service", "spec.clusterIP")] {
        let before = scene.live(kind, "shop-web").await?;
        let mut other = before.clone();
        for field in ["uid", "resourceVersion", "managedFields", "creationTimestamp"] {
            remove(&mut other, &format!("/metadata/{field}"));
        }
        remove(&mut other, "/status");
        if kind == "Deployment" {
            other = privileged(&before["metadata"]["ownerReferences"][0], "shop-web");
            other["metadata"]["labels"] = before["metadata"]["labels"].clone();
        } else {
            set(&mut other, "/spec/clusterIP", "None".into());
            set(&mut other, "/spec/clusterIPs", json!(["None"]));
        }
        // The operator is fast, too: it may have created its own object in between.
        until("the other object is there", LIMIT, async || {
            scene.objects(kind)?.delete("shop-web", &DeleteParams::default()).await?;
            let created =
                scene.objects(kind)?.create(&PostParams::default(), &serde_json::from_value(other.clone())?).await;
            Ok(created.ok())
        })
        .await?;
        let item =
            scene.reverted("shop", "it", |item| item.kind == kind && item.change == DriftChange::Replaced).await?;
        assert_eq!(item.path, path);
        scene
            .object(kind, "shop-web", "it is as before", |live| (specified(live) == specified(&before)).then_some(()))
            .await?;
    }
    Ok(())
}

/// Without what the API server allocates for each object.
fn specified(object: &Value) -> Value {
    let mut object = declared(object);
    for pointer in ["/metadata/uid", "/metadata/creationTimestamp", "/spec/clusterIP", "/spec/clusterIPs"] {
        remove(&mut object, pointer);
    }
    object
}
