//! Children that are being deleted and kept by a finalizer: the operator reverts their drift until they are gone.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use kube::api::Patch;
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::{IMAGE, IMAGE_PATH, edit, patch, push, set};

/// An edit of an object that is being deleted, and where the status must show it.
struct Edit {
    kind: &'static str,
    /// Prefixes of the reported paths.
    paths: &'static [&'static str],
    made_by: fn(&mut Value),
}

const EDITS: [Edit; 4] = [
    Edit {
        kind: "ServiceAccount",
        paths: &["automountServiceAccountToken"],
        made_by: |object| set(object, "/automountServiceAccountToken", true.into()),
    },
    Edit {
        kind: "NetworkPolicy",
        paths: &["spec.ingress", "spec.egress[0]"],
        made_by: |object| {
            set(object, "/spec/ingress", json!([{}]));
            set(object, "/spec/egress", json!([{}]));
        },
    },
    Edit { kind: "Deployment", paths: &[IMAGE_PATH], made_by: |object| set(object, IMAGE, "evil:1".into()) },
    Edit { kind: "Service", paths: &["spec.type"], made_by: |object| set(object, "/spec/type", "NodePort".into()) },
];

async fn is_reverted(scene: &Scene, app: &str, case: &Edit) -> Result<()> {
    let (kind, child) = (case.kind, format!("{app}-web"));
    scene.ready(app, WEB).await?;
    let objects = scene.objects(kind)?;
    edit(&objects, &child, |object| push(object, "/metadata/finalizers", "example.com/x".into())).await?;
    scene.delete(kind, &child).await?;
    scene.condition(app, "Ready", "False", "WaitingForDeletion").await?;
    scene.condition(app, "InSync", "False", "WaitingForDeletion").await?;
    let before = scene.live(kind, &child).await?;
    edit(&objects, &child, case.made_by).await?;
    for path in case.paths {
        scene.reverted(app, path, |item| item.kind == kind && item.path.starts_with(path)).await?;
    }
    let after = scene.live(kind, &child).await?;
    assert_eq!(declared(&after), declared(&before));
    assert!(after.pointer("/metadata/deletionTimestamp").is_some(), "it is still being deleted");
    scene.condition(app, "Ready", "False", "WaitingForDeletion").await?;

    patch(&objects, &child, &Patch::Merge(json!({ "metadata": { "finalizers": null } }))).await?;
    scene.condition(app, "Ready", "True", "Available").await?;
    assert_ne!(scene.live(kind, &child).await?.pointer("/metadata/uid"), before.pointer("/metadata/uid"));
    Ok(())
}

#[tokio::test]
async fn drift_of_a_child_that_is_being_deleted_is_reverted() -> Result<()> {
    let scene = Scene::open("leaving").await?;
    let cases = EDITS
        .iter()
        .enumerate()
        .map(async |(index, case)| is_reverted(&scene, &format!("app{index}"), case).await.with_context(|| case.kind));
    try_join_all(cases).await?;
    Ok(())
}
