//! A release waits for its migration: one that fails changes nothing, a corrected one is rolled out.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use e2e::kubelet::{Kubelet, PodOutcome, part};
use hardened_app::api::{ConditionType, MigrationState, Reason};
use serde_json::Value;

use crate::app::{App, NAMESPACE, wait};
use crate::kubectl::{Kubectl, REPOSITORY};

const SAMPLE: &str = "deploy/samples/migration.yaml";
const TICKETS: &str = "tickets";
const WEB: &str = "tickets-web";
const IMAGE: &str = "registry.example.com/tickets/web";

/// What the failing migration says.
const WORDS: &str = "ERROR: column \"email\" contains null values (SQLSTATE 23502)";

/// Applies the sample with a migration, and two new versions: the migration of the first one fails.
pub(crate) async fn play(app: &App<'_>, kubelet: &Kubelet, kubectl: &Kubectl<'_>) -> Result<()> {
    let sample = Path::new(REPOSITORY).join(SAMPLE);
    let text = std::fs::read_to_string(&sample).with_context(|| format!("cannot read {}", sample.display()))?;
    println!("   The end of {SAMPLE}:\n");
    text.lines().skip_while(|line| line.trim() != "migration:").for_each(|line| println!("   {line}"));
    println!();
    kubectl.run(&["apply", "-f", SAMPLE]).await?;
    released(app, "1.4.0").await?;
    println!("   The checks and the migration have succeeded, so there is a Deployment:");
    show(kubectl).await?;

    println!("\n   A new version, whose migration fails:");
    kubelet.decide(
        |pod| if part(pod) == "migrate" { PodOutcome::Ends(1, WORDS.to_owned()) } else { PodOutcome::succeeds() },
    );
    let began = Instant::now();
    set_version(kubectl, "1.5.0").await?;
    let message = wait("the status says that the migration has failed", async || failure(app).await).await?;
    println!("   {} ms later, kubectl included: Migrated is False: {message}", began.elapsed().as_millis());
    show(kubectl).await?;
    ensure!(version(app).await?.as_deref() == Some("1.4.0"), "the Deployment has been changed");
    println!("   The Deployment is still that of the version before: its pods would serve meanwhile.");

    println!("\n   A corrected version:");
    kubelet.decide(|_| PodOutcome::succeeds());
    let began = Instant::now();
    set_version(kubectl, "1.5.1").await?;
    released(app, "1.5.1").await?;
    println!(
        "   {} ms later, kubectl included, its migration has succeeded, and it is rolled out:",
        began.elapsed().as_millis()
    );
    show(kubectl).await?;
    println!("\n   What the Events say:");
    let (app, columns) = (format!("involvedObject.name={TICKETS}"), "custom-columns=REASON:.reason,MESSAGE:.message");
    kubectl.run(&["-n", NAMESPACE, "get", "events", "--field-selector", &app, "-o", columns]).await
}

/// Sets the version of the app. A migration that fails is tried once only, so that the demo doesn't wait for the pauses between tries.
async fn set_version(kubectl: &Kubectl<'_>, version: &str) -> Result<()> {
    let patch = format!(
        r#"[{{"op":"replace","path":"/spec/components/0/image","value":"{IMAGE}:{version}"}},{{"op":"replace","path":"/spec/migration/retries","value":0}}]"#
    );
    kubectl.run(&["-n", NAMESPACE, "patch", "happ", TICKETS, "--type=json", "--patch", &patch]).await
}

/// The app's line and the Deployment's image.
async fn show(kubectl: &Kubectl<'_>) -> Result<()> {
    kubectl.run(&["-n", NAMESPACE, "get", "happ", TICKETS]).await?;
    let columns = "custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image";
    kubectl.run(&["-n", NAMESPACE, "get", "deployment", WEB, "-o", columns]).await
}

/// Waits until the Deployment has this version, and the status says that its migration has succeeded.
async fn released(app: &App<'_>, expected: &str) -> Result<()> {
    wait(&format!("version {expected} is released"), async || {
        let migrated = app.status_of(TICKETS).await?.migration.is_some_and(|it| it.state == MigrationState::Succeeded);
        Ok((migrated && version(app).await?.as_deref() == Some(expected)).then_some(()))
    })
    .await
}

/// The message of the condition that says that the migration has failed.
async fn failure(app: &App<'_>) -> Result<Option<String>> {
    let mut conditions = app.status_of(TICKETS).await?.conditions.into_iter();
    let failed = conditions
        .find(|found| found.type_ == ConditionType::Migrated.as_str() && found.reason == Reason::Failed.as_str());
    Ok(failed.map(|condition| condition.message))
}

/// The tag of the Deployment's image, if there is a Deployment.
async fn version(app: &App<'_>) -> Result<Option<String>> {
    let deployment = app.child("Deployment", WEB).await?.unwrap_or_default();
    let image = deployment.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str);
    let tagged = image.and_then(|image| image.split('@').next()?.strip_prefix(IMAGE)?.strip_prefix(':'));
    Ok(tagged.map(str::to_owned))
}
