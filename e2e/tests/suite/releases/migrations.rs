//! A migration runs to completion before a new release.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use hardened_app::api::{MigrationState, RERUN};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::{Kubelet, PodOutcome, image, jobs, set_version, shop};
use crate::scene::Scene;
use crate::tamper::set;

#[tokio::test]
async fn no_pod_template_exists_before_the_first_migration_has_succeeded() -> Result<()> {
    let scene = Scene::open("migrate-first").await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::Runs);
    scene.create_from(shop("1.0.0")?).await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    scene.condition("shop", "Ready", "False", "MigrationRunning").await?;
    assert_eq!(image(&scene).await?, "", "a Deployment before its migration");
    kubelet.decide(|_| PodOutcome::succeeds());
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.condition("shop", "Migrated", "True", "Succeeded").await?;
    assert_eq!(image(&scene).await?, "1.0.0");
    let status =
        scene.reported("shop", "the release is reported", |status| status.release.clone().map(|_| status.clone()));
    let status = status.await?;
    assert_eq!(status.release.map(|release| release.revision), Some(1));
    assert_eq!(status.migration.map(|migration| migration.state), Some(MigrationState::Succeeded));
    Ok(())
}

#[tokio::test]
async fn while_a_migration_fails_the_release_before_it_stays_and_the_fix_rolls_out_by_itself() -> Result<()> {
    let scene = Scene::open("migrate-fails").await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("1.0.0")?).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    kubelet.decide(|_| PodOutcome::Ends(3, "connecting\ncolumn postgres://u:secret@db/x exists".to_owned()));
    set_version(&scene, "2.0.0").await?;
    let message = scene.condition("shop", "Migrated", "False", "Failed").await?;
    assert!(message.contains("exit code 3: column postgres://***@db/x exists"), "{message}");
    scene.condition("shop", "Stalled", "True", "MigrationFailed").await?;
    scene.condition("shop", "Available", "True", "Available").await?;
    assert_eq!(image(&scene).await?, "1.0.0");
    // It is still kept as declared.
    scene.delete("Service", "shop-web").await?;
    scene.object("Service", "shop-web", "it is there again", |_| Some(())).await?;
    kubelet.decide(|_| PodOutcome::succeeds());
    set_version(&scene, "3.0.0").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(image(&scene).await?, "3.0.0");
    Ok(())
}

/// Without `retries` any other failure would be final.
#[tokio::test]
async fn a_pod_that_a_drained_node_ends_is_no_try_of_the_migration() -> Result<()> {
    let scene = Scene::open("migrate-drained").await?;
    let drained = Arc::<Mutex<Option<String>>>::default();
    let _kubelet = Kubelet::start(&scene.client, scene.name(), move |pod| {
        let mut drained = drained.lock().unwrap_or_else(PoisonError::into_inner);
        let first = drained.get_or_insert_with(|| pod.name_any());
        if *first == pod.name_any() { PodOutcome::Disrupted } else { PodOutcome::succeeds() }
    });
    let mut app = shop("1.0.0")?;
    set(&mut app, "/spec/migration/retries", 0.into());
    scene.create_from(app).await?;
    scene.condition("shop", "Migrated", "True", "Succeeded").await?;
    assert_eq!(jobs(&scene).await?.len(), 1, "the same Job has started another pod");
    Ok(())
}

#[tokio::test]
async fn a_migration_that_has_run_runs_again_only_where_it_is_asked_for() -> Result<()> {
    let scene = Scene::open("migrate-again").await?;
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("1.0.0")?).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    for version in ["2.0.0", "1.0.0"] {
        set_version(&scene, version).await?;
        scene.condition("shop", "Ready", "True", "Available").await?;
        assert_eq!(image(&scene).await?, version);
    }
    assert_eq!(jobs(&scene).await?.len(), 2);
    let revision =
        async || scene.reported("shop", "a release runs", |status| Some(status.release.as_ref()?.revision)).await;
    assert_eq!(revision().await?, 3);
    let first = jobs(&scene).await?;
    let annotation = json!({ "metadata": { "annotations": { RERUN: "1" } } });
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(annotation)).await?;
    scene
        .reported("shop", "another run has succeeded", |status| {
            let migration = status.migration.as_ref()?;
            (migration.state == MigrationState::Succeeded && !first.contains(&migration.job)).then_some(())
        })
        .await?;
    assert_eq!(jobs(&scene).await?.len(), 3);
    assert_eq!(revision().await?, 3, "the same release runs");
    let requests = scene.quiet().await?.len();
    let later = json!({ "metadata": { "annotations": { "example.com/other": "1" } } });
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(later)).await?;
    assert_eq!(scene.quiet().await?.len(), requests);
    Ok(())
}

#[tokio::test]
async fn a_spec_without_a_migration_waits_for_the_one_that_runs_and_is_not_ready_before() -> Result<()> {
    let scene = Scene::open("migrate-removed").await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(shop("1.0.0")?).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let first = jobs(&scene).await?;
    kubelet.decide(|_| PodOutcome::Runs);
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    let without = json!({ "spec": { "migration": null, "components": [{
        "name": "web", "image": "registry.example.com/hello:3.0.0", "replicas": 0, "ports": [{ "name": "http", "port": 8080 }],
    }] } });
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(without)).await?;
    scene
        .condition_saying("shop", "Ready", "False", "MigrationRunning", "another release still runs: Job shop-migrate-")
        .await?;
    assert_eq!(image(&scene).await?, "1.0.0");
    for job in jobs(&scene).await?.into_iter().filter(|job| !first.contains(job)) {
        scene.delete("Job", &job).await?;
    }
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(image(&scene).await?, "3.0.0");
    Ok(())
}

#[tokio::test]
async fn the_port_of_the_release_that_runs_stays_open_to_other_apps_while_the_newest_waits() -> Result<()> {
    let scene = Scene::open("migrate-port").await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    let components = |version: &str, port: u16| {
        json!([{
            "name": "web", "image": format!("registry.example.com/hello:{version}"), "replicas": 0,
            "ports": [{ "name": "http", "port": port }], "allowFrom": [{ "app": "portal", "component": "web" }],
        }])
    };
    let mut app = shop("1.0.0")?;
    app["spec"]["components"] = components("1.0.0", 8080);
    scene.create_from(app).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    kubelet.decide(|_| PodOutcome::Runs);
    let next = json!({ "spec": { "components": components("2.0.0", 9090) } });
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(next)).await?;
    scene.condition("shop", "Migrated", "False", "Running").await?;
    scene.quiet().await?;
    let rules = scene.live("NetworkPolicy", "shop-web").await?["spec"]["ingress"].to_string();
    assert!(rules.contains("8080") && rules.contains("9090"), "{rules}");
    Ok(())
}
