//! What others do to children, and what becomes of it: one row of a table, one app.

mod additions;
mod autoscalers;
mod identities;
mod kinds;
mod masses;
mod one_of;
mod tolerated;
mod tricks;
mod unclaimed;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::{DriftChange, DriftItem};
use serde_json::Value;

use crate::scene::{Scene, WEB};
use crate::tamper::{HUMAN, edit};

/// An edit by a person, and how it must show up.
struct Edit {
    kind: &'static str,
    change: DriftChange,
    /// As the status shows it.
    path: &'static str,
    made_by: fn(&mut Value),
}

/// Makes every edit on an app of its own, all at the same time, and checks that each is undone and reported.
async fn all_are_undone(scene: &Scene, components: &str, edits: &[Edit]) -> Result<()> {
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

fn is_reported(item: &DriftItem, kind: &str, name: &str, change: DriftChange, manager: &str) -> Result<()> {
    let found = (item.kind.as_str(), item.name.as_str(), item.change, item.manager.as_str());
    assert_eq!(found, (kind, name, change, manager), "{}", item.path);
    item.since.as_ref().context("every deviation has a time")?;
    Ok(())
}

/// An object without what the server and other controllers keep in it.
pub(crate) fn declared(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in ["/status", "/metadata/managedFields", "/metadata/resourceVersion", "/metadata/generation"] {
        crate::tamper::remove(&mut object, pointer);
    }
    crate::tamper::remove(&mut object, "/metadata/annotations/deployment.kubernetes.io~1revision");
    object
}

#[tokio::test]
async fn an_app_without_an_edit_reports_nothing() -> Result<()> {
    let scene = Scene::open("untouched").await?;
    let app = scene.ready("shop", WEB).await?;
    let status = app.status.context("an app that is ready has a status")?;
    assert!(status.drift.is_empty(), "{:?}", status.drift);
    Ok(())
}
