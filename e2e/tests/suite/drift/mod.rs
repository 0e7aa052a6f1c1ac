//! What others do to children, and what becomes of it: one row of a table, one app.

mod additions;
mod autoscalers;
mod edit;
mod identities;
mod kinds;
mod masses;
mod one_of;
mod tolerated;
mod tricks;
mod unclaimed;

use anyhow::{Context, Result};

use crate::scene::{Scene, WEB};

#[tokio::test]
async fn an_app_without_an_edit_reports_nothing() -> Result<()> {
    let scene = Scene::open("untouched").await?;
    let app = scene.ready("shop", WEB).await?;
    let status = app.status.context("an app that is ready has a status")?;
    assert!(status.drift.is_empty(), "{:?}", status.drift);
    Ok(())
}
