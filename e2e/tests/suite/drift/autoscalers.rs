//! Components with an autoscaler: drift of the autoscaler is reverted, and the operator doesn't change a number of pods
//! within its bounds.

use anyhow::Result;
use e2e::audit::Request;
use hardened_app::api::DriftChange::{self, Added, Changed};
use kube::api::Patch;
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
