//! Drift of children: most files have a table of edits, each of which is made on an app of its own.

mod additions;
mod autoscalers;
mod co_owned;
mod commanding;
mod edit;
mod kinds;
pub(crate) mod masses;
mod one_of;
mod order;
mod replaced;
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
