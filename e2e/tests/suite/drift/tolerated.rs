//! Edits that the operator tolerates: they stay, and cause no request.

use anyhow::Result;
use e2e::audit;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::scene::{Scene, WEB};
use crate::tamper::{edit, push, set};

/// Makes a harmless and a harmful edit on the same object. One write reverts the second, so the operator has reconciled the
/// first by then; it must still be there, without a further write.
async fn stays(scene: &Scene, app: &str, kind: &str, pointer: &str, edits: [fn(&mut Value); 2]) -> Result<()> {
    let child = format!("{app}-web");
    scene.ready(app, WEB).await?;
    let writes = || -> Result<usize> {
        let requests = scene.requests()?;
        let mine = |request: &&audit::Request| request.name.as_deref() == Some(child.as_str());
        Ok(requests.iter().filter(mine).count())
    };
    let before = writes()?;
    let [harmless, harmful] = edits;
    let objects = scene.objects(kind)?;
    let added = edit(&objects, &child, harmless).await?;
    assert!(added.pointer(pointer).is_some(), "{kind} {pointer} was added");
    edit(&objects, &child, harmful).await?;
    let item = scene.reverted(app, "the harmful edit", |item| item.kind == kind).await?;
    let live = scene.live(kind, &child).await?;
    assert_eq!(live.pointer(pointer), added.pointer(pointer), "{kind} {pointer} stays; reverted was {}", item.path);
    assert_eq!(writes()? - before, 1, "{kind} {pointer}: one write, for the harmful edit");
    let reverted = scene.reported(app, "one entry", |status| Some(status.drift.reverted.len())).await?;
    assert_eq!(reverted, 1, "{kind} {pointer} isn't reported");
    Ok(())
}

#[tokio::test]
async fn foreign_annotations_and_finalizers_stay() -> Result<()> {
    let scene = Scene::open("notes").await?;
    let annotation: fn(&mut Value) = |object| set(object, "/metadata/annotations/example.com~1note", "x".into());
    let of_platform: fn(&mut Value) = |object| set(object, "/metadata/annotations/openshift.io~1note", "x".into());
    let of_kubectl: fn(&mut Value) =
        |object| set(object, "/metadata/annotations/kubectl.kubernetes.io~1note", "x".into());
    let finalizer: fn(&mut Value) = |object| push(object, "/metadata/finalizers", "example.com/x".into());
    let pull_secret: fn(&mut Value) = |object| push(object, "/imagePullSecrets", json!({ "name": "x" }));
    let label: fn(&mut Value) = |object| set(object, "/metadata/labels/team", "x".into());
    let cases = [
        // On a Service and a ServiceAccount only annotations of the platform and of kubectl, because others may command something.
        ("Service", "/metadata/annotations/kubectl.kubernetes.io~1note", of_kubectl),
        ("Deployment", "/metadata/annotations/example.com~1note", annotation),
        ("NetworkPolicy", "/metadata/annotations/example.com~1note", annotation),
        ("PodDisruptionBudget", "/metadata/annotations/example.com~1note", annotation),
        ("ServiceAccount", "/metadata/annotations/openshift.io~1note", of_platform),
        ("ServiceAccount", "/metadata/annotations/kubectl.kubernetes.io~1note", of_kubectl),
        ("NetworkPolicy", "/metadata/finalizers/0", finalizer),
        ("Deployment", "/metadata/finalizers/0", finalizer),
        ("ServiceAccount", "/imagePullSecrets/0", pull_secret),
    ];
    let cases = cases.iter().enumerate().map(async |(index, (kind, pointer, harmless))| {
        stays(&scene, &format!("app{index}"), kind, pointer, [*harmless, label]).await
    });
    try_join_all(cases).await?;
    Ok(())
}

#[tokio::test]
async fn a_rollout_may_be_restarted() -> Result<()> {
    let scene = Scene::open("restarted").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.quiet().await?.len();
    scene.kubectl(&["rollout", "restart", "deployment/shop-web"]).await?;
    let restarted = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    let asked = scene.live("Deployment", "shop-web").await?.pointer(restarted).cloned();
    assert!(asked.is_some());
    scene
        .object("Deployment", "shop-web", "the controller has observed the restart", |live| {
            let seen = live.pointer("/status/observedGeneration");
            (seen == live.pointer("/metadata/generation")).then_some(())
        })
        .await?;

    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, "/metadata/labels/team", "x".into())).await?;
    scene.reverted("shop", "the label", |item| item.path == "metadata.labels.team").await?;
    let live = scene.live("Deployment", "shop-web").await?;
    assert_eq!(live.pointer(restarted), asked.as_ref());
    let revision = live.pointer("/metadata/annotations/deployment.kubernetes.io~1revision").and_then(Value::as_str);
    assert_eq!(revision, Some("2"), "the controller's own annotation stays as well");
    let after = scene.quiet().await?;
    let writes = after.iter().skip(before).filter(|request| request.subresource.is_none());
    assert_eq!(writes.count(), 1, "the label, not the restart");
    Ok(())
}
