//! Components and apps are created, renamed and deleted.

use anyhow::{Context, Result};
use e2e::{operator, until};
use futures::future::try_join_all;
use hardened_app::api::HardenedAppStatus;
use hardened_app::desired::KINDS;
use k8s_openapi::api::core::v1;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::scene::{Scene, WEB, web_kinds};
use crate::wait::{LIMIT, wait_until};

/// The component [`WEB`] under another name, with this number of replicas.
fn component(name: &str, replicas: u8) -> String {
    WEB.replace("web", name).replace("replicas: 0", &format!("replicas: {replicas}"))
}

async fn all_are_gone(scene: &Scene, name: &str) -> Result<()> {
    try_join_all(KINDS.iter().map(|kind| scene.gone(kind.name, name))).await?;
    Ok(())
}

/// The number of objects that the status reports as leftovers.
async fn leftovers(scene: &Scene) -> Result<usize> {
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    Ok(status.findings.iter().filter(|finding| finding.check == "leftover").count())
}

#[tokio::test]
async fn the_network_policy_of_a_removed_component_is_deleted_after_its_pods() -> Result<()> {
    let scene = Scene::open("pruned").await?;
    scene.create("shop", &format!("{WEB}{}", component("api", 1))).await?;
    scene.in_place("shop").await?;
    let pods = scene.pods();
    let of_api = ListParams::default().labels("hardened.dev/workload=shop.api");
    let pod = until("the component has a pod", LIMIT, async || {
        Ok(pods.list(&of_api).await?.items.pop().and_then(|pod| pod.metadata.name))
    })
    .await?;
    // Stands for a process that doesn't end at once.
    let finalizers = |names: Value| Patch::Merge(json!({ "metadata": { "finalizers": names } }));
    pods.patch(&pod, &PatchParams::default(), &finalizers(json!(["example.com/busy"]))).await?;

    scene.change("shop", WEB).await?;
    for kind in ["Deployment", "Service", "PodDisruptionBudget"] {
        scene.gone(kind, "shop-api").await?;
    }
    let leaving = |pod: Option<&v1::Pod>| pod?.metadata.deletion_timestamp.as_ref().map(drop);
    wait_until(&pods, &pod, "the pod is being deleted", leaving).await?;
    let before = scene.quiet().await?.len();
    for kind in ["NetworkPolicy", "ServiceAccount"] {
        scene.version(kind, "shop-api").await.with_context(|| format!("the {kind} must stay until the pod is gone"))?;
    }
    assert_eq!(leftovers(&scene).await?, 2, "the status reports both leftovers");
    pods.patch(&pod, &PatchParams::default(), &finalizers(json!(null))).await?;
    all_are_gone(&scene, "shop-api").await?;

    let last: Vec<_> = scene.quiet().await?.into_iter().skip(before).collect();
    let children = last.iter().filter(|request| request.subresource.is_none());
    let mut deleted: Vec<_> = children.map(|request| (request.verb.as_str(), request.resource.as_str())).collect();
    deleted.sort_unstable();
    assert_eq!(deleted, [("delete", "networkpolicies"), ("delete", "serviceaccounts")]);
    assert_eq!(leftovers(&scene).await?, 0);
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn a_renamed_component_replaces_the_old_one() -> Result<()> {
    let scene = Scene::open("renamed").await?;
    scene.ready("shop", WEB).await?;
    scene.change("shop", &component("front", 0)).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    all_are_gone(&scene, "shop-web").await?;
    for kind in web_kinds() {
        scene.version(kind.name, "shop-front").await?;
    }
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    assert!(status.drift.is_empty(), "what the spec no longer declares isn't drift: {:?}", status.drift);
    Ok(())
}

#[tokio::test]
async fn the_old_component_stays_until_the_new_one_is_ready() -> Result<()> {
    let scene = Scene::open("unavailable").await?;
    scene.ready("shop", WEB).await?;
    let mut before = Vec::new();
    for kind in web_kinds() {
        before.push(scene.version(kind.name, "shop-web").await?);
    }
    // Without a node its pod never starts.
    scene.change("shop", &component("front", 1)).await?;
    scene.in_place("shop").await?;
    scene.condition("shop", "Ready", "False", "RolloutInProgress").await?;
    scene.quiet().await?;
    for (kind, before) in web_kinds().zip(before) {
        assert_eq!(scene.version(kind.name, "shop-web").await?, before, "{}", kind.name);
    }
    scene.change("shop", &component("front", 0)).await?;
    all_are_gone(&scene, "shop-web").await
}

#[tokio::test]
async fn a_removed_component_goes_although_another_one_fails() -> Result<()> {
    let scene = Scene::open("failing").await?;
    scene.ready("shop", &format!("{WEB}{}", component("api", 0))).await?;
    // Its rollout was complete; without a node the pod that is added never starts.
    scene.change("shop", &format!("{WEB}{}", component("api", 1))).await?;
    scene.condition("shop", "Ready", "False", "RolloutInProgress").await?;
    scene.change("shop", &component("api", 1)).await?;
    all_are_gone(&scene, "shop-web").await?;
    let nothing_left = |status: &HardenedAppStatus| {
        let applied = status.applied_generation == status.observed_generation;
        (applied && status.findings.iter().all(|finding| finding.check != "leftover")).then_some(())
    };
    scene.reported("shop", "nothing is left", nothing_left).await?;
    scene.condition("shop", "Ready", "False", "RolloutInProgress").await?;
    Ok(())
}

#[tokio::test]
async fn a_removed_component_goes_although_another_one_never_ran() -> Result<()> {
    let scene = Scene::open("pending").await?;
    // Without a node its pod never starts.
    scene.create("shop", &format!("{WEB}{}", component("api", 1))).await?;
    scene.in_place("shop").await?;
    scene.condition("shop", "Ready", "False", "RolloutInProgress").await?;
    scene.change("shop", &component("api", 1)).await?;
    all_are_gone(&scene, "shop-web").await?;
    scene.condition("shop", "Ready", "False", "RolloutInProgress").await?;
    Ok(())
}

#[tokio::test]
async fn all_children_of_a_deleted_app_are_deleted_and_its_name_can_be_reused() -> Result<()> {
    let scene = Scene::open("deleted-app").await?;
    let first = scene.ready("shop", WEB).await?;
    let before = scene.quiet().await?.len();
    scene.apps().delete("shop", &DeleteParams::default()).await?;
    all_are_gone(&scene, "shop-web").await?;
    let after = scene.quiet().await?;
    assert_eq!(after.len(), before, "the garbage collector deletes the children, not the operator: {after:#?}");

    let second = scene.ready("shop", WEB).await?;
    assert_ne!(first.metadata.uid, second.metadata.uid);
    let status = second.status.unwrap_or_default();
    assert!(status.drift.is_empty(), "a new app has no drift of the former one: {:?}", status.drift);
    Ok(())
}

#[tokio::test]
async fn an_app_that_is_recreated_right_after_its_deletion_becomes_ready() -> Result<()> {
    let scene = Scene::open("at-once").await?;
    scene.ready("shop", WEB).await?;
    scene.apps().delete("shop", &DeleteParams::default()).await?;
    let second = scene.ready("shop", WEB).await?;
    let uid = second.metadata.uid.as_deref();
    for kind in web_kinds() {
        let live = scene.live(kind.name, "shop-web").await?;
        assert_eq!(live.pointer("/metadata/ownerReferences/0/uid").and_then(Value::as_str), uid, "{}", kind.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_namespace_with_apps_can_be_deleted() -> Result<()> {
    let scene = Scene::open("deleted-namespace").await?;
    scene.ready("shop", WEB).await?;
    let namespaces = Api::<v1::Namespace>::all(scene.client.clone());
    namespaces.delete(scene.name(), &DeleteParams::default()).await?;
    wait_until(&namespaces, scene.name(), "the namespace is gone", |namespace| namespace.is_none().then_some(()))
        .await?;
    let failed: Vec<_> = scene.quiet().await?.into_iter().filter(|request| request.code == 403).collect();
    assert_eq!(failed, [], "{} creates nothing in a namespace that is being deleted", operator::USER);
    Ok(())
}
