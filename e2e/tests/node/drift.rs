//! Drift of a Deployment, and its pods on the node.

use std::time::Duration;

use anyhow::Result;
use e2e::until;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::place::{Place, containers};
use crate::processes::powers_of;
use crate::samples::SMALLEST;

const LIMIT: Duration = Duration::from_mins(2);

#[tokio::test]
async fn a_privileged_sidecar_is_removed_and_the_declared_pods_keep_running() -> Result<()> {
    // Without Pod Security, so that only the operator removes the sidecar.
    let place = Place::labelled("drift", &[]).await?;
    let app = place.app(SMALLEST).await?;
    place.ready(&app).await?;
    let pods = async || {
        let pods = place.pods("hello.web").await?;
        let mut ids: Vec<_> = pods.into_iter().map(|pod| pod.metadata.uid.unwrap_or_default()).collect();
        ids.sort();
        anyhow::Ok(ids)
    };
    let before = pods().await?;

    let sidecar =
        json!({ "name": "miner", "image": "registry.example.com/pause:1", "securityContext": { "privileged": true } });
    let patch = Patch::Strategic(json!({ "spec": { "template": { "spec": { "containers": [sidecar] } } } }));
    let deployments = place.api::<Deployment>();
    deployments
        .patch("hello-web", &PatchParams { field_manager: Some("intruder".into()), ..Default::default() }, &patch)
        .await?;
    let added = "spec.template.spec.containers[name=miner]";
    place
        .reported(&app, "the sidecar is reverted", |status| {
            status.drift.reverted.iter().any(|item| item.path == added && item.manager == "intruder").then_some(())
        })
        .await?;
    until("only the former pods are left", LIMIT, async || Ok((pods().await? == before).then_some(()))).await?;
    place.ready(&app).await?;
    for pod in place.pods("hello.web").await? {
        assert!(powers_of(&pod, 65532, 65532)?.is_empty());
        assert!(containers(&pod).iter().all(|container| container.restart_count == 0));
    }
    Ok(())
}
