//! Components with an autoscaler: drift of the autoscaler is reverted, and the operator doesn't change a number of pods
//! within its bounds.

use anyhow::{Context, Result};
use e2e::audit::Request;
use hardened_app::api::DriftChange::{self, Added, Changed};
use hardened_app::desired::KINDS;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::edit::{Edit, all_are_reverted};
use crate::scene::{AUTOSCALER, Scene, autoscaled};
use crate::tamper::{IMAGE, IMAGE_PATH, edit, patch, set};

const EDITS: [Edit; 3] = [
    of_autoscaler("spec.minReplicas", Changed, |object| set(object, "/spec/minReplicas", 2.into())),
    of_autoscaler("spec.metrics[0].resource.target.averageUtilization", Changed, |object| {
        set(object, "/spec/metrics/0/resource/target/averageUtilization", 1.into());
    }),
    of_autoscaler("metadata.labels.team", Added, |object| set(object, "/metadata/labels/team", "x".into())),
];

const fn of_autoscaler(path: &'static str, change: DriftChange, made_by: fn(&mut Value)) -> Edit {
    Edit { kind: AUTOSCALER, change, path, made_by }
}

#[tokio::test]
async fn edits_of_an_autoscaler_are_reverted() -> Result<()> {
    all_are_reverted(&Scene::open("autoscaler").await?, &autoscaled(), &EDITS).await
}

#[tokio::test]
async fn a_number_of_pods_within_the_bounds_stays_when_other_drift_is_reverted() -> Result<()> {
    let scene = Scene::open("scaled").await?;
    scene.create("shop", &autoscaled()).await?;
    scene.in_place("shop").await?;
    let deployments = scene.objects("Deployment")?;
    let before = scene.quiet().await?.len();
    patch(&deployments, "shop-web", &Patch::Merge(json!({ "spec": { "replicas": 3 } }))).await?;
    edit(&deployments, "shop-web", |object| set(object, IMAGE, "evil:1".into())).await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    let live = scene.live("Deployment", "shop-web").await?;
    assert_eq!(live.pointer("/spec/replicas"), Some(&3.into()));
    let status = scene.reported("shop", "one entry", |status| Some(status.drift.reverted.clone())).await?;
    assert_eq!(status.len(), 1, "the number isn't reported: {status:?}");
    let requests = scene.quiet().await?;
    // An apply with the number of pods names the resource version that was read. It fails, and is repeated, if the controller
    // has updated the status since.
    let done = |request: &&Request| request.verb != "get" && request.code < 300 && request.subresource.is_none();
    let writes = requests.iter().skip(before).filter(done);
    assert_eq!(writes.count(), 1, "one write, for the image: {requests:#?}");
    Ok(())
}

/// The autoscaler with two metrics.
fn with_two_metrics() -> String {
    autoscaled().replace("cpu: 80", "cpu: 80, memory: 70")
}

/// Patches the autoscaler as a client of autoscaling/v1, which has no list of metrics.
async fn patch_as_v1(scene: &Scene, patch: Value) -> Result<()> {
    let kind = KINDS.iter().find(|kind| kind.name == AUTOSCALER).context("it is a child kind")?;
    let api_version = "autoscaling/v1".to_owned();
    let resource = ApiResource { version: "v1".to_owned(), api_version, ..kind.resource() };
    let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), scene.name(), &resource);
    let parameters = PatchParams { field_manager: Some("scaler-v1".to_owned()), ..PatchParams::default() };
    api.patch("shop-web", &parameters, &Patch::Merge(patch)).await?;
    Ok(())
}

#[tokio::test]
async fn a_client_of_an_older_version_is_named_and_its_change_is_reverted() -> Result<()> {
    let scene = Scene::open("older").await?;
    scene.create("shop", &with_two_metrics()).await?;
    scene.in_place("shop").await?;
    patch_as_v1(&scene, json!({ "spec": { "targetCPUUtilizationPercentage": 1 } })).await?;
    let item = scene.reverted("shop", "the metric", |item| item.path.starts_with("spec.metrics")).await?;
    assert!(item.path.ends_with("].resource.target.averageUtilization"), "{}", item.path);
    assert_eq!((item.desired.as_str(), item.live.as_str(), item.manager.as_str()), ("80", "1", "scaler-v1"));
    let reverted = scene.apps().get("shop").await?.status.unwrap_or_default().drift.reverted;
    assert_eq!(reverted.len(), 1, "{reverted:#?}");
    Ok(())
}

#[tokio::test]
async fn the_order_that_an_update_through_an_older_version_leaves_is_no_drift() -> Result<()> {
    let scene = Scene::open("converted").await?;
    scene.create("shop", &with_two_metrics()).await?;
    scene.in_place("shop").await?;
    let first = |live: &Value| live.pointer("/spec/metrics/0/resource/name").cloned();
    let before = first(&scene.live(AUTOSCALER, "shop-web").await?);
    patch_as_v1(&scene, json!({ "metadata": { "annotations": { "example.com/seen": "x" } } })).await?;
    let after = first(&scene.live(AUTOSCALER, "shop-web").await?);
    assert_ne!(before, after, "the conversion changes the order");
    let autoscalers = scene.objects(AUTOSCALER)?;
    edit(&autoscalers, "shop-web", |object| set(object, "/metadata/labels/team", "x".into())).await?;
    scene.reverted("shop", "the label", |item| item.path == "metadata.labels.team").await?;
    let reverted = scene.apps().get("shop").await?.status.unwrap_or_default().drift.reverted;
    assert_eq!(reverted.len(), 1, "{reverted:#?}");
    Ok(())
}
