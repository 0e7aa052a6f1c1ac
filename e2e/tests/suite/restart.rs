//! A restart of the operator: its requests, the drift it finds afterwards, and its uninstallation. On a separate control
//! plane, because the other tests need the shared operator to keep running.

use anyhow::Result;
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Parts};
use futures::future::try_join_all;
use hardened_app::api::DriftChange;
use kube::api::Patch;
use serde_json::json;

use crate::drift::masses::large;
use crate::metrics::{counts_what_the_audit_log_counts, stops_in_order};
use crate::samples::LARGEST;
use crate::scene::{Scene, WEB};
use crate::tamper::{edit, patch, set};

/// Apps with one component, each of which is edited by the tests.
const APPS: [&str; 5] = ["a", "b", "c", "d", "e"];

#[tokio::test]
async fn an_operator_is_restarted_stopped_and_uninstalled() -> Result<()> {
    // Every other test has an API server that streams lists.
    let control_plane = ControlPlane::start_with(Parts::WithoutStreaming).await?;
    operator::install(&control_plane).await?;
    let operator = Operator::start(&control_plane).await?;
    let scene = Scene::on(control_plane, "restart", &[]).await?;
    try_join_all(APPS.map(|app| scene.ready(app, WEB))).await?;
    scene.create_from(serde_saphyr::from_str(LARGEST)?).await?;
    scene.in_place("shop").await?;

    let operator = a_restart_writes_nothing(&scene, operator).await?;
    let operator = drift_during_the_downtime_is_reverted(&scene, operator).await?;
    let operator = a_large_change_of_the_spec_during_the_downtime_is_no_drift(&scene, operator).await?;
    counts_what_the_audit_log_counts(&scene, &operator).await?;
    stops_in_order(&scene, operator).await?;
    crate::chart::helm_takes_ownership_and_keeps_the_apps(&scene).await
}

async fn restart(scene: &Scene, operator: Operator) -> Result<Operator> {
    assert!(operator.stop().await?.success(), "it exits successfully on SIGTERM");
    Operator::start(&scene.control_plane).await
}

async fn a_restart_writes_nothing(scene: &Scene, operator: Operator) -> Result<Operator> {
    let before = scene.quiet().await?;
    let operator = restart(scene, operator).await?;
    // A reverted edit proves that the app was reconciled: so all apps were reconciled after the restart.
    let apps = APPS.iter().map(|app| (*app, format!("{app}-web"))).chain([("shop", "shop-worker".to_owned())]);
    let heals = apps.map(async |(app, child)| {
        let path = "automountServiceAccountToken";
        let accounts = scene.objects("ServiceAccount")?;
        edit(&accounts, &child, |account| set(account, &format!("/{path}"), true.into())).await?;
        scene.reverted(app, "the edit", |item| item.path == path).await
    });
    let heals = try_join_all(heals).await?.len();
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before.len()).collect();
    let statuses = after.iter().filter(|request| request.subresource.is_some()).count();
    assert_eq!(
        (after.len() - statuses, statuses),
        (heals, heals),
        "one write and one status for each edit: {after:#?}"
    );
    Ok(operator)
}

async fn drift_during_the_downtime_is_reverted(scene: &Scene, operator: Operator) -> Result<Operator> {
    let before = scene.quiet().await?.len();
    operator.stop().await?;
    let image = "/spec/template/spec/containers/0/image";
    edit(&scene.objects("Deployment")?, "a-web", |object| set(object, image, "evil:1".into())).await?;
    scene.delete("NetworkPolicy", "b-web").await?;
    scene.gone("NetworkPolicy", "b-web").await?;
    let operator = Operator::start(&scene.control_plane).await?;

    let path = "spec.template.spec.containers[name=web].image";
    let changed = scene.reverted("a", "the image", |item| item.path == path).await?;
    assert_eq!((changed.live.as_str(), changed.manager.as_str()), ("evil:1", crate::tamper::HUMAN));
    scene.reverted("b", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before).collect();
    let mut written: Vec<_> = after.iter().filter(|request| request.subresource.is_none()).collect();
    written.sort_by(|one, other| one.name.cmp(&other.name));
    let written: Vec<_> = written.iter().map(|request| (request.verb.as_str(), request.name.as_deref())).collect();
    assert_eq!(written, [("patch", Some("a-web")), ("patch", Some("b-web"))]);
    Ok(operator)
}

async fn a_large_change_of_the_spec_during_the_downtime_is_no_drift(
    scene: &Scene,
    operator: Operator,
) -> Result<Operator> {
    scene.ready("big", &large(1)).await?;
    let note = Patch::Merge(json!({ "metadata": { "annotations": { "example.com/note": "x" } } }));
    patch(&scene.objects("Deployment")?, "big-web", &note).await?;
    operator.stop().await?;
    scene.change("big", &large(2)).await?;
    let operator = Operator::start(&scene.control_plane).await?;
    scene.condition("big", "InSync", "True", "InSync").await?;
    let drift = scene.reported("big", "the drift", |status| Some(status.drift.clone())).await?;
    assert_eq!((drift.open, drift.reverted), (vec![], vec![]));
    let live = scene.live("Deployment", "big-web").await?;
    assert_eq!(live.pointer("/spec/template/spec/containers/0/args/0"), Some(&"2-0".into()));
    Ok(operator)
}
