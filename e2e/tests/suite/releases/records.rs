//! What is left of a release where its record, its status or its Job is gone.

use anyhow::Result;
use hardened_app::api::RERUN;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::{Kubelet, PodOutcome, image, jobs, set_version, shop};
use crate::scene::{Scene, WEB};

/// An app whose first release runs.
async fn released(prefix: &str) -> Result<(Scene, Kubelet)> {
    let scene = Scene::open(prefix).await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("1.0.0")?).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.quiet().await?;
    Ok((scene, kubelet))
}

async fn wipe_record(scene: &Scene) -> Result<()> {
    scene.objects("ControllerRevision")?.delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    Ok(())
}

async fn rerun(scene: &Scene, token: &str) -> Result<()> {
    let annotation = json!({ "metadata": { "annotations": { RERUN: token } } });
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(annotation)).await?;
    Ok(())
}

#[tokio::test]
async fn a_record_that_is_wiped_is_written_again_where_nothing_has_changed() -> Result<()> {
    let (scene, _kubelet) = released("wiped-same").await?;
    wipe_record(&scene).await?;
    scene.object("ControllerRevision", "shop-r1", "it is there again", |_| Some(())).await?;
    scene.quiet().await?;
    assert_eq!(jobs(&scene).await?.len(), 1);
    assert_eq!(image(&scene).await?, "1.0.0");
    Ok(())
}

#[tokio::test]
async fn a_status_that_is_wiped_is_written_again_and_runs_no_migration() -> Result<()> {
    let (scene, kubelet) = released("wiped-status").await?;
    kubelet.decide(|_| PodOutcome::Runs);
    let status = Patch::Merge(json!({ "status": { "release": null, "migration": null } }));
    scene.apps().patch_status("shop", &PatchParams::default(), &status).await?;
    scene.condition("shop", "Migrated", "True", "Succeeded").await?;
    scene.reported("shop", "the release is reported", |status| status.release.clone()).await?;
    scene.quiet().await?;
    assert_eq!(jobs(&scene).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_runs_is_not_run_again_unless_it_is_asked_for() -> Result<()> {
    let (scene, kubelet) = released("lost-job").await?;
    kubelet.decide(|_| PodOutcome::Runs);
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    let before = jobs(&scene).await?;
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    let job = status.migration.map(|migration| migration.job).unwrap_or_default();
    scene.delete("Job", &job).await?;
    let message = scene.condition("shop", "Migrated", "Unknown", "Unknown").await?;
    assert!(message.contains(&job) && message.contains(RERUN), "{message}");
    scene.condition("shop", "Stalled", "True", "MigrationUnknown").await?;
    assert_eq!(image(&scene).await?, "1.0.0");
    scene.quiet().await?;
    assert_eq!(jobs(&scene).await?.len(), before.len() - 1);
    kubelet.decide(|_| PodOutcome::succeeds());
    rerun(&scene, "again").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(image(&scene).await?, "2.0.0");
    Ok(())
}

#[tokio::test]
async fn a_pod_that_names_the_job_as_its_controller_does_not_count() -> Result<()> {
    let (scene, kubelet) = released("forged").await?;
    // The real pod runs on; the forged one succeeds.
    kubelet.decide(|pod| {
        if pod.metadata.name.as_deref() == Some("forged") { PodOutcome::succeeds() } else { PodOutcome::Runs }
    });
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    let job = scene.apps().get("shop").await?.status.and_then(|status| status.migration).map(|migration| migration.job);
    let job = job.unwrap_or_default();
    let uid = scene.version("Job", &job).await?.0;
    let owner = json!([{ "apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": uid, "controller": true }]);
    let labels = json!({
        "hardened.dev/workload": "shop.migrate", "app.kubernetes.io/managed-by": "hardened-app",
        "batch.kubernetes.io/controller-uid": uid, "controller-uid": uid,
        "batch.kubernetes.io/job-name": job, "job-name": job,
    });
    let forged = json!({
        "metadata": {
            "name": "forged", "labels": labels, "ownerReferences": owner,
            "finalizers": ["batch.kubernetes.io/job-tracking"],
        },
        "spec": { "containers": [{ "name": "migrate", "image": "registry.example.com/nothing:1" }], "restartPolicy": "Never" },
    });
    let forged: Pod = serde_json::from_value(forged)?;
    scene.pods().create(&PostParams::default(), &forged).await?;
    scene.condition_saying("shop", "Migrated", "Unknown", "Unknown", "pod forged").await?;
    // Without that pod nothing says that it was one.
    let entry = scene.live("ControllerRevision", "shop-r2").await?;
    assert!(entry.to_string().contains("Lost"), "what was found is recorded: {entry}");
    scene.pods().delete("forged", &DeleteParams::default()).await?;
    scene.quiet().await?;
    scene.condition_saying("shop", "Migrated", "Unknown", "Unknown", "pod forged").await?;
    assert_eq!(image(&scene).await?, "1.0.0");
    Ok(())
}

#[tokio::test]
async fn where_the_newest_entry_is_deleted_its_release_stays_and_its_migration_does_not_run_again() -> Result<()> {
    let (scene, kubelet) = released("newest-entry").await?;
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.quiet().await?;
    let deployed = scene.version("Deployment", "shop-web").await?;
    kubelet.decide(|_| PodOutcome::Runs);
    scene.delete("ControllerRevision", "shop-r2").await?;
    scene.object("ControllerRevision", "shop-r2", "it is there again", |_| Some(())).await?;
    scene.quiet().await?;
    assert_eq!(scene.version("Deployment", "shop-web").await?, deployed, "release 2 stays");
    assert_eq!(jobs(&scene).await?.len(), 2);
    scene.condition("shop", "Migrated", "True", "Succeeded").await?;
    Ok(())
}

#[tokio::test]
async fn where_another_object_has_the_name_of_an_entry_nothing_is_released() -> Result<()> {
    let scene = Scene::open("taken-entry").await?;
    let entries = scene.objects("ControllerRevision")?;
    let foreign = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": { "name": "shop-r1" }, "revision": 7, "data": { "of": "another" },
    });
    entries.create(&PostParams::default(), &serde_json::from_value(foreign)?).await?;
    scene.create("shop", WEB).await?;
    let says = "the release can't be recorded: … shop-r1";
    scene.condition_saying("shop", "Ready", "False", "ApplyFailed", says).await?;
    assert_eq!(image(&scene).await?, "");
    // It is tried again at growing intervals.
    scene.quiet().await?;
    let live = scene.live("ControllerRevision", "shop-r1").await?;
    assert_eq!(live.pointer("/revision"), Some(&json!(7)), "it is left alone");
    entries.delete("shop-r1", &DeleteParams::default()).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}
