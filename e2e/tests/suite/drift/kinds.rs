//! Every kind of child: changes, additions, removals and deletions are reverted.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::DriftChange;
use serde_json::{Value, json};

use super::edit::{Edit, all_are_reverted, is_reported};
use crate::declared::declared;
use crate::scene::{Scene, WEB, web_kinds};
use crate::tamper::{remove, set};

#[tokio::test]
async fn a_changed_field_of_any_kind_is_reverted() -> Result<()> {
    let edits = [
        Edit {
            kind: "ServiceAccount",
            change: DriftChange::Changed,
            path: "automountServiceAccountToken",
            made_by: |object| set(object, "/automountServiceAccountToken", true.into()),
        },
        Edit {
            kind: "NetworkPolicy",
            change: DriftChange::Changed,
            path: "spec.podSelector.matchLabels[hardened.dev/workload]",
            made_by: |object| set(object, "/spec/podSelector/matchLabels/hardened.dev~1workload", "nothing".into()),
        },
        Edit {
            kind: "Deployment",
            change: DriftChange::Changed,
            path: "spec.template.spec.containers[name=web].image",
            made_by: |object| set(object, "/spec/template/spec/containers/0/image", "evil:1".into()),
        },
        Edit {
            kind: "Service",
            change: DriftChange::Changed,
            path: "spec.selector[hardened.dev/workload]",
            made_by: |object| set(object, "/spec/selector/hardened.dev~1workload", "other.web".into()),
        },
        Edit {
            kind: "PodDisruptionBudget",
            change: DriftChange::Changed,
            path: "spec.maxUnavailable",
            made_by: |object| set(object, "/spec/maxUnavailable", "100%".into()),
        },
    ];
    let covered = edits.each_ref().map(|edit| edit.kind);
    assert!(web_kinds().map(|kind| kind.name).eq(covered), "{covered:?}");
    all_are_reverted(&Scene::open("field").await?, WEB, &edits).await
}

#[tokio::test]
async fn a_foreign_label_on_any_kind_is_removed() -> Result<()> {
    let edits = web_kinds().map(|kind| Edit {
        kind: kind.name,
        change: DriftChange::Added,
        path: "metadata.labels.team",
        made_by: |object| set(object, "/metadata/labels/team", "x".into()),
    });
    let edits: Vec<_> = edits.collect();
    all_are_reverted(&Scene::open("label").await?, WEB, &edits).await
}

#[tokio::test]
async fn the_removed_managed_by_label_of_any_kind_is_restored() -> Result<()> {
    let edits = web_kinds().map(|kind| Edit {
        kind: kind.name,
        change: DriftChange::Removed,
        path: "metadata.labels[app.kubernetes.io/managed-by]",
        made_by: |object| remove(object, "/metadata/labels/app.kubernetes.io~1managed-by"),
    });
    let edits: Vec<_> = edits.collect();
    all_are_reverted(&Scene::open("unmarked").await?, WEB, &edits).await
}

#[tokio::test]
async fn a_deleted_object_of_any_kind_is_recreated() -> Result<()> {
    let scene = Scene::open("deleted").await?;
    let cases = web_kinds().enumerate().map(async |(index, kind)| {
        let (kind, app, child) = (kind.name, format!("app{index}"), format!("app{index}-web"));
        scene.ready(&app, WEB).await?;
        let before = scene.live(kind, &child).await?;
        scene.delete(kind, &child).await?;
        let item = scene.reverted(&app, kind, |item| item.change == DriftChange::Deleted).await?;
        is_reported(&item, kind, &child, DriftChange::Deleted, "").context(kind)?;
        let after = scene.live(kind, &child).await?;
        assert_eq!(anonymous(&after), anonymous(&before), "{kind}");
        anyhow::Ok(())
    });
    try_join_all(cases).await?;
    Ok(())
}

/// The fields that are equal in an object and in the recreated one.
fn anonymous(object: &Value) -> Value {
    let mut object = declared(object);
    for pointer in ["/metadata/uid", "/metadata/creationTimestamp", "/spec/clusterIP", "/spec/clusterIPs"] {
        set(&mut object, pointer, json!(null));
    }
    object
}
