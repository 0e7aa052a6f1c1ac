//! An edit of a child, and the check that the operator reverts and reports it.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::{DriftChange, DriftItem};
use serde_json::Value;

use crate::declared::declared;
use crate::scene::Scene;
use crate::tamper::{HUMAN, edit};

/// An edit by a user, and how the status must report it.
pub(super) struct Edit {
    pub(super) kind: &'static str,
    pub(super) change: DriftChange,
    /// Path in the status.
    pub(super) path: &'static str,
    pub(super) made_by: fn(&mut Value),
}

/// Makes each edit on a separate app, concurrently, and checks that each is reverted and reported.
pub(super) async fn all_are_reverted(scene: &Scene, components: &str, edits: &[Edit]) -> Result<()> {
    let cases = edits.iter().enumerate().map(async |(index, edit)| {
        let app = format!("app{index}");
        is_reverted(scene, &app, components, edit)
            .await
            .with_context(|| format!("{app}: {:?} {} {}", edit.change, edit.kind, edit.path))
    });
    try_join_all(cases).await?;
    Ok(())
}

async fn is_reverted(scene: &Scene, app: &str, components: &str, case: &Edit) -> Result<()> {
    scene.create(app, components).await?;
    scene.in_place(app).await?;
    let child = format!("{app}-web");
    let before = scene.live(case.kind, &child).await?;
    let edited = edit(&scene.objects(case.kind)?, &child, case.made_by).await?;
    assert_ne!(declared(&edited), declared(&before), "{}: the edit must change something", case.path);

    let item = scene.reverted(app, case.path, |item| item.path == case.path).await?;
    // A removed field has no entry in `managedFields`.
    let manager = if case.change == DriftChange::Removed { "" } else { HUMAN };
    is_reported(&item, case.kind, &child, case.change, manager)?;
    // The Deployment controller may still update the object, but only its status.
    let live = scene.live(case.kind, &child).await?;
    assert_eq!(declared(&live), declared(&before), "{}", case.path);
    Ok(())
}

pub(super) fn is_reported(item: &DriftItem, kind: &str, name: &str, change: DriftChange, manager: &str) -> Result<()> {
    let found = (item.kind.as_str(), item.name.as_str(), item.change, item.manager.as_str());
    assert_eq!(found, (kind, name, change, manager), "{}", item.path);
    item.since.as_ref().context("every deviation has a time")?;
    Ok(())
}
