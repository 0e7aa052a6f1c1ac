//! The fifth attack: a user opens a database with a NetworkPolicy. The operator doesn't revert what it didn't make; it reports it.

use std::time::Instant;

use anyhow::{Context, Result};
use hardened_app::api::{ConditionType, HardenedAppStatus};

use crate::app::{App, NAMESPACE, wait};
use crate::kubectl::Kubectl;

const SAMPLE: &str = "deploy/samples/databases.yaml";
const STORE: &str = "store";
const POLICY: &str = "e2e/src/bin/demo/open-database.yaml";

/// Applies the sample with databases, opens one of them and closes it again.
pub(crate) async fn play(app: &App<'_>, kubectl: &Kubectl<'_>) -> Result<()> {
    println!("   An app with four databases, and a pod of the one that others run:");
    kubectl.run(&["-n", NAMESPACE, "apply", "-f", SAMPLE]).await?;
    let pod = [
        "-n",
        NAMESPACE,
        "run",
        "orders-1",
        "--image=registry.example.com/postgres:17",
        "--labels=cnpg.io/cluster=orders",
    ];
    kubectl.run(&pod).await?;
    isolated(app, "only clients reach the databases", "True").await?;
    print(&app.status_of(STORE).await?);

    println!("\n   A user lets every pod of the namespace in:");
    let began = Instant::now();
    kubectl.run(&["-n", NAMESPACE, "apply", "-f", POLICY]).await?;
    let message = isolated(app, "the status names the policy", "False").await?;
    println!("   {} ms later, kubectl included: DatabasesIsolated is False: {message}", began.elapsed().as_millis());
    print(&app.status_of(STORE).await?);
    kubectl.run(&["-n", NAMESPACE, "delete", "-f", POLICY]).await?;
    isolated(app, "the database is closed again", "True").await?;
    println!("   DatabasesIsolated is True again.");
    Ok(())
}

/// Waits until the condition has this status; returns its message.
async fn isolated(app: &App<'_>, what: &str, expected: &str) -> Result<String> {
    wait(what, async || {
        let status = app.status_of(STORE).await?;
        let mut conditions = status.conditions.into_iter();
        let found = conditions.find(|condition| condition.type_ == ConditionType::DatabasesIsolated.as_str());
        Ok(found.filter(|condition| condition.status == expected).map(|condition| condition.message))
    })
    .await
    .with_context(|| format!("{} isn't {expected}", ConditionType::DatabasesIsolated.as_str()))
}

fn print(status: &HardenedAppStatus) {
    let rows = status.databases.iter().map(|database| {
        let isolated = match database.isolated {
            Some(true) => "isolated",
            Some(false) => "OPEN",
            None => "outside the cluster",
        };
        [database.name.clone(), isolated.to_owned(), format!("clients: {}", database.clients.join(", "))]
    });
    crate::table::print(&rows.collect::<Vec<_>>());
}
