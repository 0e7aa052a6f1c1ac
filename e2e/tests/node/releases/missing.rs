//! A version that needs a Secret which isn't there yet.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::show;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::time::Instant;

use super::migrated::SECOND;
use super::planted::{TOKEN, TOO_SHORT};
use super::stage::{Stage, answers};
use super::version::{SECRET, Version};

/// The migration that has failed is corrected as well.
const FOURTH: Version = Version {
    number: "4",
    steps: "SELECT nextval('runs'); ALTER TABLE tickets ADD COLUMN email text NOT NULL DEFAULT '';",
    reads: "SELECT email FROM tickets",
    secret: Some(SECRET),
};

/// How long it may take to name what is missing, while a process leads.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn it_is_named_and_its_arrival_rolls_out_the_version(stage: &mut Stage) -> Result<()> {
    let load = stage.load().await?;
    let (takeover, (applied, named)) = stage
        .disturbed(15, async |stage| {
            let applied = Instant::now();
            let generation = stage.apply(FOURTH).await?;
            let message = stage.condition(generation, ("SecretsValid", "False", "SecretMissing")).await?;
            let named = Instant::now();
            ensure!(message.contains(&format!("secret \"{SECRET}\" not found")), "{message}");
            stage.runs_only(SECOND).await?;

            set_token(stage, TOO_SHORT).await?;
            let message = stage.condition(generation, ("SecretsValid", "False", "SecretInvalid")).await?;
            ensure!(message.contains(&format!("Secret {SECRET}: TOKEN must have at least 16 characters")), "{message}");
            stage.runs_only(SECOND).await?;

            set_token(stage, TOKEN).await?;
            stage.condition(generation, ("Ready", "True", "Available")).await?;
            stage.runs_only(FOURTH).await?;
            show(&format!("rolled out {:.1} s after it was applied", applied.elapsed().as_secs_f32()));
            Ok((applied, named))
        })
        .await?;
    let answers = answers(load)?;
    ensure!(answers.keys().eq(["2", "4"]), "{answers:?}");
    let runs = stage.sql("SELECT last_value FROM runs").await?;
    ensure!(runs == "5", "{runs} runs after one more migration");

    // No process could name it while none led.
    let began = if takeover.at < named { takeover.followed.clamp(applied, named) } else { applied };
    let (all, led) = (named - applied, named - began);
    show(&format!("named {:.1} s after it was applied, {:.1} s with a leader", all.as_secs_f32(), led.as_secs_f32()));
    ensure!(led <= LIMIT, "the Secret was named too late");
    Ok(())
}

async fn set_token(stage: &Stage, value: &str) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": SECRET },
        "stringData": { "TOKEN": value },
    });
    let secrets = stage.place.api::<Secret>();
    secrets.patch(SECRET, &PatchParams::apply("kubectl").force(), &Patch::Apply(secret)).await?;
    Ok(())
}
