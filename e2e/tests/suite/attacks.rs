//! Attacks by a user with the right to edit a namespace: the operator reverts each, and the status names the field manager.

use anyhow::{Context, Result};
use hardened_app::api::{DriftChange, DriftItem};
use kube::api::Patch;
use serde_json::json;

use crate::scene::{Scene, WEB};
use crate::tamper::{HUMAN, edit, patch, set};

/// The item without its time, after checking that it has one.
fn undated(item: DriftItem) -> Result<DriftItem> {
    item.since.as_ref().context("every deviation has a time")?;
    Ok(DriftItem { since: None, ..item })
}

#[tokio::test]
async fn host_network_in_a_pod_template_is_reverted() -> Result<()> {
    let scene = Scene::open("host-network").await?;
    scene.ready("shop", WEB).await?;
    let pointer = "/spec/template/spec/hostNetwork";
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, pointer, true.into())).await?;

    let path = "spec.template.spec.hostNetwork";
    let found = scene.reverted("shop", "host network", |item| item.path == path).await?;
    let expected = DriftItem {
        kind: "Deployment".into(),
        name: "shop-web".into(),
        path: path.into(),
        change: DriftChange::Changed,
        dangerous: true,
        desired: "false".into(),
        live: "true".into(),
        manager: HUMAN.into(),
        since: None,
    };
    assert_eq!(undated(found)?, expected);
    assert_eq!(scene.live("Deployment", "shop-web").await?.pointer(pointer), None);
    Ok(())
}

#[tokio::test]
async fn a_privileged_sidecar_is_removed() -> Result<()> {
    let scene = Scene::open("sidecar").await?;
    scene.ready("shop", WEB).await?;
    let sidecar = json!({ "name": "miner", "image": "evil:1", "securityContext": { "privileged": true } });
    let containers = json!({ "spec": { "template": { "spec": { "containers": [sidecar] } } } });
    patch(&scene.objects("Deployment")?, "shop-web", &Patch::Strategic(containers)).await?;

    let path = "spec.template.spec.containers[name=miner]";
    let found = scene.reverted("shop", "the sidecar", |item| item.path == path).await?;
    let expected = DriftItem {
        kind: "Deployment".into(),
        name: "shop-web".into(),
        path: path.into(),
        change: DriftChange::Added,
        dangerous: true,
        desired: String::new(),
        live: "image=evil:1, securityContext.privileged=true".into(),
        manager: "kubectl-patch".into(),
        since: None,
    };
    assert_eq!(undated(found)?, expected);
    let live = scene.live("Deployment", "shop-web").await?;
    let containers = live.pointer("/spec/template/spec/containers").and_then(|list| list.as_array());
    assert_eq!(containers.map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_deleted_network_policy_is_recreated() -> Result<()> {
    let scene = Scene::open("no-policy").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.live("NetworkPolicy", "shop-web").await?;
    scene.delete("NetworkPolicy", "shop-web").await?;

    let found = scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    let expected = DriftItem {
        kind: "NetworkPolicy".into(),
        name: "shop-web".into(),
        path: String::new(),
        change: DriftChange::Deleted,
        dangerous: true,
        desired: String::new(),
        live: String::new(),
        manager: String::new(),
        since: None,
    };
    assert_eq!(undated(found)?, expected);
    let after = scene.live("NetworkPolicy", "shop-web").await?;
    assert_ne!(after.pointer("/metadata/uid"), before.pointer("/metadata/uid"));
    assert_eq!(after.pointer("/spec"), before.pointer("/spec"));
    Ok(())
}

#[tokio::test]
async fn a_node_port_of_a_service_is_reverted() -> Result<()> {
    let scene = Scene::open("node-port").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.live("Service", "shop-web").await?;
    let open = Patch::Merge(json!({ "spec": { "type": "NodePort" } }));
    patch(&scene.objects("Service")?, "shop-web", &open).await?;

    let found = scene.reverted("shop", "the node port", |item| item.path == "spec.type").await?;
    let expected = DriftItem {
        kind: "Service".into(),
        name: "shop-web".into(),
        path: "spec.type".into(),
        change: DriftChange::Changed,
        dangerous: true,
        desired: "ClusterIP".into(),
        live: "NodePort".into(),
        manager: "kubectl-patch".into(),
        since: None,
    };
    assert_eq!(undated(found)?, expected);
    assert_eq!(scene.live("Service", "shop-web").await?.pointer("/spec"), before.pointer("/spec"));
    Ok(())
}

#[tokio::test]
async fn a_privileged_init_container_is_removed_and_reported_as_privileged() -> Result<()> {
    let scene = Scene::open("init-container").await?;
    scene.ready("shop", WEB).await?;
    let container = json!({ "name": "root", "image": "evil:1", "securityContext": { "privileged": true } });
    let containers = json!({ "spec": { "template": { "spec": { "initContainers": [container] } } } });
    patch(&scene.objects("Deployment")?, "shop-web", &Patch::Strategic(containers)).await?;

    let path = "spec.template.spec.initContainers[name=root]";
    let found = scene.reverted("shop", "the init container", |item| item.path == path).await?;
    assert_eq!(found.live, "image=evil:1, securityContext.privileged=true");
    let live = scene.live("Deployment", "shop-web").await?;
    assert_eq!(live.pointer("/spec/template/spec/initContainers"), None);
    Ok(())
}
