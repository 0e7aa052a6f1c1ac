//! A version whose migration succeeds.

use anyhow::{Context, Result, ensure};
use e2e::show;
use k8s_openapi::api::core::v1::Pod;

use super::stage::{Stage, WEB, answers};
use super::version::{FIRST, Version};
use crate::ask::{address, ask};

/// The new column has the time at which it was made.
pub(super) const SECOND: Version = Version {
    number: "2",
    steps: "SELECT nextval('runs'); SELECT pg_sleep(5); ALTER TABLE tickets ADD COLUMN made timestamptz DEFAULT clock_timestamp();",
    reads: "SELECT made FROM tickets",
    ..FIRST
};

pub(super) async fn its_table_is_changed_before_its_first_pod(stage: &mut Stage) -> Result<()> {
    let load = stage.load().await?;
    let (_, pods) = stage
        .disturbed(8, async |stage| {
            let generation = stage.apply(SECOND).await?;
            stage.condition(generation, ("Migrated", "True", "Succeeded")).await?;
            stage.condition(generation, ("Ready", "True", "Available")).await?;
            stage.runs_only(SECOND).await
        })
        .await?;
    let answers = answers(load)?;
    ensure!(answers.keys().eq(["1", "2"]), "{answers:?}");

    // Times of the API are whole seconds, rounded down.
    let made: i64 = stage.sql("SELECT floor(extract(epoch FROM made))::bigint FROM tickets").await?.parse()?;
    let created = pods.iter().filter_map(created).min().context("no pod has a time of creation")?;
    ensure!(made <= created, "the column was made at {made}, the first new pod at {created}");
    show(&format!("the first new pod was created {} s after the column", created - made));
    for pod in stage.place.pods(WEB).await? {
        let read = ask(&address(&pod, 8080)?, "/read/tmp/read").await?;
        ensure!(!read.trim().is_empty(), "a pod has read no time before it served");
    }
    let runs = stage.sql("SELECT last_value FROM runs").await?;
    ensure!(runs == "2", "{runs} runs of two migrations");
    Ok(())
}

fn created(pod: &Pod) -> Option<i64> {
    Some(pod.metadata.creation_timestamp.as_ref()?.0.as_second())
}
