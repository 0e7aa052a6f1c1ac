//! A version whose migration fails.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use super::migrated::SECOND;
use super::stage::{Stage, WEB, answers};
use super::version::{FIRST, Version};

/// The table has a row.
const THIRD: Version = Version {
    number: "3",
    steps: "SELECT nextval('runs'); ALTER TABLE tickets ADD COLUMN email text NOT NULL;",
    reads: "SELECT email FROM tickets",
    ..FIRST
};

/// What PostgreSQL says, and psql's exit code for an error in a script.
pub(super) const MESSAGE: &str = r#"exit code 3: ERROR:  column "email" of relation "tickets" contains null values"#;

pub(super) async fn the_version_before_it_answers_every_request(stage: &mut Stage) -> Result<()> {
    let before = pods(stage).await?;
    let load = stage.load().await?;
    // Two tries and the pause between them take longer.
    let (_, generation) = stage
        .disturbed(10, async |stage| {
            let generation = stage.apply(THIRD).await?;
            let message = stage.condition(generation, ("Migrated", "False", "Failed")).await?;
            ensure!(message.contains(MESSAGE), "{message}");
            println!("Migrated is False: {message}");
            Ok(generation)
        })
        .await?;
    // Also by the process that leads then.
    stage.condition(generation, ("Ready", "False", "MigrationFailed")).await?;
    stage.condition(generation, ("Available", "True", "Available")).await?;
    stage.runs_only(SECOND).await?;
    ensure!(pods(stage).await? == before, "pods have been replaced");
    let answers = answers(load)?;
    ensure!(answers.keys().eq(["2"]), "{answers:?}");
    let runs = stage.sql("SELECT last_value FROM runs").await?;
    ensure!(runs == "4", "{runs} runs after two migrations that succeeded and two tries of one that failed");
    Ok(())
}

async fn pods(stage: &Stage) -> Result<BTreeSet<String>> {
    let pods = stage.place.pods(WEB).await?;
    Ok(pods.into_iter().filter_map(|pod| pod.metadata.uid).collect())
}
