//! A database that the operator runs: its data stay, and what belongs to them can't change.

use anyhow::Result;
use e2e::until;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::{managed, shop};
use crate::releases::{Kubelet, PodOutcome};
use crate::scene::Scene;
use crate::tamper::{edit, set};
use crate::wait::LIMIT;

/// Creates the app and waits for the claim of its database; returns the claim.
async fn with_claim(scene: &Scene) -> Result<PersistentVolumeClaim> {
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("  connectsTo: [db]\n", &json!([managed()]))?).await?;
    scene.in_place("shop").await?;
    let claims = claims(scene);
    until("the database has a claim", LIMIT, async || Ok(claims.get_opt("data-shop-db-0").await?)).await
}

fn claims(scene: &Scene) -> Api<PersistentVolumeClaim> {
    Api::namespaced(scene.client.clone(), scene.name())
}

#[tokio::test]
async fn the_data_of_a_managed_database_outlive_it() -> Result<()> {
    let scene = Scene::open("kept-data").await?;
    let claim = with_claim(&scene).await?;
    assert_eq!(claim.metadata.owner_references, None);
    let labels = claim.metadata.labels.clone().unwrap_or_default();
    assert_eq!(labels.get("app.kubernetes.io/part-of").map(String::as_str), Some("shop"), "it can be found");

    let uid = scene.version("StatefulSet", "shop-db").await?.0;
    scene.delete("StatefulSet", "shop-db").await?;
    scene.reverted("shop", "the deletion", |item| item.kind == "StatefulSet" && item.name == "shop-db").await?;
    scene
        .object("StatefulSet", "shop-db", "it is another one", |live| {
            (live.pointer("/metadata/uid")?.as_str()? != uid).then_some(())
        })
        .await?;
    // It is taken out of the spec, then declared again.
    let change = async |web: &str, databases: &Value| {
        let mut spec = shop(web, databases)?;
        let spec = spec.get_mut("spec").map(Value::take);
        let patch = Patch::Merge(json!({ "spec": spec }));
        anyhow::Ok(scene.apps().patch("shop", &PatchParams::default(), &patch).await?)
    };
    change("", &json!([])).await?;
    scene.gone("StatefulSet", "shop-db").await?;
    change("  connectsTo: [db]\n", &json!([managed()])).await?;
    scene.object("StatefulSet", "shop-db", "it exists again", |_| Some(())).await?;
    scene.apps().delete("shop", &DeleteParams::default()).await?;
    scene.gone("StatefulSet", "shop-db").await?;
    let left = claims(&scene).get("data-shop-db-0").await?;
    assert_eq!((left.metadata.uid, left.metadata.deletion_timestamp), (claim.metadata.uid, None));
    Ok(())
}

#[tokio::test]
async fn what_the_data_depend_on_cannot_change() -> Result<()> {
    let scene = Scene::open("fixed-data").await?;
    scene.create_from(shop("  connectsTo: [db]\n", &json!([managed()]))?).await?;
    for (pointer, value, message) in [
        ("/engine", json!("redis"), "the engine of a managed database can't change"),
        ("/managed/storage", json!("2Gi"), "the size can't change: enlarge the claim itself"),
        ("/managed/storageClassName", json!("fast"), "the storage class can't change: the volume exists"),
        ("/managed/user", json!("other"), "the user can't change: the database was created with it"),
    ] {
        let mut changed = managed();
        set(&mut changed, pointer, value);
        let patch = Patch::Merge(json!({ "spec": { "databases": [changed] } }));
        let refused = scene.apps().patch("shop", &PatchParams::default(), &patch).await.map(drop);
        let words = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(words.contains(message), "{pointer}: {words}");
    }
    Ok(())
}

#[tokio::test]
async fn changes_of_its_stateful_set_are_undone() -> Result<()> {
    let scene = Scene::open("db-drift").await?;
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("  connectsTo: [db]\n", &json!([managed()]))?).await?;
    scene.in_place("shop").await?;
    scene.quiet().await?;
    edit(&scene.objects("StatefulSet")?, "shop-db", |live| {
        set(live, "/spec/updateStrategy/rollingUpdate/partition", json!(1));
        set(live, "/spec/template/spec/hostNetwork", json!(true));
        set(live, "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted", json!("Delete"));
    })
    .await?;
    for path in [
        "spec.updateStrategy.rollingUpdate.partition",
        "spec.template.spec.hostNetwork",
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted",
    ] {
        scene.reverted("shop", path, |item| item.path == path).await?;
    }
    let live = scene.live("StatefulSet", "shop-db").await?;
    assert_eq!(live.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted"), Some(&Value::from("Retain")));
    Ok(())
}
