//! What leads to an app while a release waits, and where the record of releases is gone.

use anyhow::Result;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::stage::{host_with_secret, is_exposed, names, plain, stage};
use crate::declared::declared;
use crate::releases::{Kubelet, PodOutcome, set_version, shop};
use crate::scene::Scene;
use crate::tamper::set;

/// An app with a migration whose first release runs, under a host.
async fn released(prefix: &str, host: &str) -> Result<(Scene, Kubelet)> {
    let scene = stage(Scene::open(prefix).await?, plain()).await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    let mut app = shop("1.0.0")?;
    set(&mut app, "/spec/exposures", json!([host_with_secret(host, "shop")]));
    scene.create_from(app).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.reported("shop", "the host leads to it", |status| is_exposed(status, host).then_some(())).await?;
    scene.quiet().await?;
    Ok((scene, kubelet))
}

async fn ingress(scene: &Scene) -> Result<(String, Value)> {
    let name = names(scene, "Ingress").await?.remove(0);
    let live = scene.live("Ingress", &name).await?;
    Ok((name, declared(&live)))
}

#[tokio::test]
async fn a_host_leads_where_it_did_while_the_release_with_its_new_port_waits() -> Result<()> {
    let (scene, kubelet) = released("waiting-port", "waiting-port.example.com").await?;
    let (_, before) = ingress(&scene).await?;
    kubelet.decide(|_| PodOutcome::Runs);
    let change = json!([
        { "op": "replace", "path": "/spec/components/0/image", "value": "registry.example.com/hello:2.0.0" },
        { "op": "replace", "path": "/spec/components/0/ports", "value": [{ "name": "public", "port": 9090 }] },
        { "op": "add", "path": "/spec/exposures/0/routes/0/port", "value": "public" },
    ]);
    let change = Patch::Json::<()>(serde_json::from_value(change)?);
    scene.apps().patch("shop", &PatchParams::default(), &change).await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    scene.quiet().await?;
    let (name, waiting) = ingress(&scene).await?;
    assert_eq!(waiting, before, "the release that runs has no such port");
    kubelet.decide(|_| PodOutcome::succeeds());
    scene
        .object("Ingress", &name, "it leads to the new port", |ingress| {
            let port = ingress.pointer("/spec/rules/0/http/paths/0/backend/service/port/number");
            (port == Some(&json!(9090))).then_some(())
        })
        .await
}

#[tokio::test]
async fn what_leads_to_pods_stays_with_them_where_the_record_of_releases_is_gone() -> Result<()> {
    let (scene, kubelet) = released("lost-entry", "lost-entry.example.com").await?;
    let (name, _) = ingress(&scene).await?;
    let before = (scene.version("Ingress", &name).await?, scene.version("Deployment", "shop-web").await?);
    kubelet.decide(|_| PodOutcome::Runs);
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    scene.objects("ControllerRevision")?.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    scene.condition("shop", "Stalled", "True", "MigrationUnknown").await?;
    scene.quiet().await?;
    let after = (scene.version("Ingress", &name).await?, scene.version("Deployment", "shop-web").await?);
    assert_eq!(after, before);
    Ok(())
}
