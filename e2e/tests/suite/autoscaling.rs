//! The number of pods never drops when autoscaling is switched on or off.

use anyhow::Result;
use futures::{StreamExt, pin_mut};
use hardened_app::api::DriftChange;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::scene::{Scene, WEB};
use crate::tamper::{edit, remove, set};
use crate::wait::wait_until;

fn fixed(replicas: u8) -> String {
    WEB.replace("replicas: 0", &format!("replicas: {replicas}"))
}

fn scaled(min: u8) -> String {
    WEB.replace("replicas: 0", &format!("autoscaling: {{min: {min}, max: 10, cpu: 80}}"))
}

fn replicas(deployment: &DynamicObject) -> Option<i64> {
    deployment.data.pointer("/spec/replicas")?.as_i64()
}

type MadeBy = fn(&mut Value);

/// Records every number of pods that a watch receives from now on.
fn record(deployments: Api<DynamicObject>) -> (UnboundedReceiver<i64>, JoinHandle<()>) {
    let (sender, receiver) = unbounded_channel();
    let watch = tokio::spawn(async move {
        let states =
            watch_object(deployments, "shop-web").default_backoff().filter_map(async |seen| seen.ok().flatten());
        pin_mut!(states);
        while let Some(state) = states.next().await {
            if let Some(replicas) = replicas(&state) {
                // The receiver is dropped at the end of the test.
                let _ = sender.send(replicas);
            }
        }
    });
    (receiver, watch)
}

/// Writes to the scale of the Deployment, as the controller of autoscalers does, as its field manager.
async fn scale(scene: &Scene, to: i64) -> Result<()> {
    let parameters =
        PatchParams { field_manager: Some("kube-controller-manager".to_owned()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({ "spec": { "replicas": to } }));
    scene.objects("Deployment")?.patch_subresource("scale", "shop-web", &parameters, &patch).await?;
    Ok(())
}

async fn has(scene: &Scene, wanted: i64) -> Result<()> {
    let what = format!("{wanted} pods are wanted");
    wait_until(&scene.objects("Deployment")?, "shop-web", &what, |seen| (replicas(seen?)? == wanted).then_some(()))
        .await
}

#[tokio::test]
async fn the_number_of_pods_never_drops_when_autoscaling_is_switched_on_and_off() -> Result<()> {
    let scene = Scene::open("autoscaling").await?;
    scene.create("shop", &fixed(4)).await?;
    scene.in_place("shop").await?;
    let (mut recorded, watch) = record(scene.objects("Deployment")?);

    // Switched on: the number of pods stays.
    scene.change("shop", &scaled(2)).await?;
    scene.in_place("shop").await?;
    has(&scene, 4).await?;
    // The autoscaler changes the number, and the operator doesn't revert it …
    scale(&scene, 7).await?;
    let before = scene.quiet().await?.len();
    // … also when it rolls out a new image.
    scene.change("shop", &scaled(2).replace("hello:1.0.0", "hello:2.0.0")).await?;
    wait_until(&scene.objects("Deployment")?, "shop-web", "the new image is rolled out", |seen| {
        let image = seen?.data.pointer("/spec/template/spec/containers/0/image")?.as_str()?;
        image.ends_with("2.0.0").then_some(())
    })
    .await?;
    has(&scene, 7).await?;
    // Switched off: the declared number applies at once.
    scene.change("shop", &fixed(7)).await?;
    scene.gone("HorizontalPodAutoscaler", "shop-web").await?;
    has(&scene, 7).await?;

    let requests = scene.quiet().await?;
    let rolled_out: Vec<_> = requests.iter().skip(before).filter(|request| request.resource == "deployments").collect();
    assert!(rolled_out.iter().all(|request| request.verb != "delete"), "{rolled_out:?}");
    watch.abort();
    let mut seen = Vec::new();
    while let Ok(replicas) = recorded.try_recv() {
        seen.push(replicas);
    }
    assert_eq!(seen.iter().min(), Some(&4), "{seen:?}");
    let rolled_out = seen.iter().position(|replicas| *replicas == 7).unwrap();
    assert!(seen[rolled_out..].iter().all(|replicas| *replicas == 7), "{seen:?}");
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    assert!(status.drift.is_empty(), "{:?}", status.drift);
    Ok(())
}

#[tokio::test]
async fn replicas_outside_of_the_autoscalers_bounds_are_drift() -> Result<()> {
    let scene = Scene::open("out-of-bounds").await?;
    scene.create("shop", &scaled(2)).await?;
    scene.in_place("shop").await?;
    has(&scene, 2).await?;
    // An autoscaler ignores a Deployment with 0 replicas.
    scale(&scene, 0).await?;
    let item = scene.reverted("shop", "the scale", |item| item.path == "spec.replicas").await?;
    assert_eq!((item.desired.as_str(), item.live.as_str()), ("2", "0"));
    has(&scene, 2).await
}

#[tokio::test]
async fn drift_of_an_autoscaler_is_reverted() -> Result<()> {
    let scene = Scene::open("autoscaler").await?;
    scene.create("shop", &scaled(2)).await?;
    scene.in_place("shop").await?;
    let autoscalers = scene.objects("HorizontalPodAutoscaler")?;
    let before = scene.live("HorizontalPodAutoscaler", "shop-web").await?;
    let edits: [(&str, MadeBy); 3] = [
        ("spec.maxReplicas", |object| set(object, "/spec/maxReplicas", json!(90))),
        ("spec.behavior", |object| {
            set(object, "/spec/behavior", json!({ "scaleDown": { "selectPolicy": "Disabled" } }));
        }),
        ("metadata.labels[app.kubernetes.io/managed-by]", |object| {
            remove(object, "/metadata/labels/app.kubernetes.io~1managed-by");
        }),
    ];
    for (path, made_by) in edits {
        edit(&autoscalers, "shop-web", made_by).await?;
        scene.reverted("shop", path, |item| item.path.starts_with(path)).await?;
        let live = scene.live("HorizontalPodAutoscaler", "shop-web").await?;
        assert_eq!(live.pointer("/spec"), before.pointer("/spec"), "{path}");
    }
    scene.delete("HorizontalPodAutoscaler", "shop-web").await?;
    scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    Ok(())
}
