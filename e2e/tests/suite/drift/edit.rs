//! One edit of a child, on an app of its own, and the checks that it is undone and reported.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::{DriftChange, DriftItem};
use serde_json::Value;

use crate::declared::declared;
use crate::scene::Scene;
use crate::tamper::{HUMAN, edit};

/// An edit by a person, and how it must show up.
pub(super) struct Edit {
    pub(super) kind: &'static str,
    pub(super) change: DriftChange,
    /// As the status shows it.
    pub(super) path: &'static str,
    pub(super) made_by: fn(&mut Value),
}

/// Makes every edit on an app of its own, all at the same time, and checks that each is undone and reported.
pub(super) async fn all_are_undone(scene: &Scene, components: &str, edits: &[Edit]) -> Result<()> {
    let cases = edits.iter().enumerate().map(async |(index, edit)| {
        let app = format!("app{index}");
        is_undone(scene, &app, components, edit)
            .await
            .with_context(|| format!("{app}: {:?} {} {}", edit.change, edit.kind, edit.path))
    });
    try_join_all(cases).await?;
    Ok(())
}

async fn is_undone(scene: &Scene, app: &str, components: &str, case: &Edit) -> Result<()> {
    scene.create(app, components).await?;
    scene.in_place(app).await?;
    let child = format!("{app}-web");
    let before = scene.live(case.kind, &child).await?;
    let edited = edit(&scene.objects(case.kind)?, &child, case.made_by).await?;
    assert_ne!(declared(&edited), declared(&before), "{}: the edit changes something", case.path);

    let item = scene.reverted(app, case.path, |item| item.path == case.path).await?;
    // Nobody claims what isn't there any more.
    let manager = if case.change == DriftChange::Removed { "" } else { HUMAN };
    is_reported(&item, case.kind, &child, case.change, manager)?;
    // A deployment controller may be busy with the object still, but in its status only.
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
