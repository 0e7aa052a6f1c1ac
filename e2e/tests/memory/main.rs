//! The operator in the memory that the chart gives it, with a thousand apps, while tenants of one namespace fill theirs with what is
//! large: it lives, undoes what must be undone, and heals the apps of other namespaces as fast as before. Needs root and `make
//! release`: `make memory` runs it.

mod attacks;
mod cluster;
mod elsewhere;

use std::time::Duration;

use anyhow::Result;

use cluster::Cluster;
use elsewhere::Elsewhere;

/// Apps of other namespaces, where the environment gives no other number.
const APPS: usize = 1000;

/// The slowest heal of another namespace's app. They take some milliseconds each, but the API server shares the processors and has the
/// large objects to store: the table shows what they took.
const SLOWEST: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_keeps_within_its_memory_whatever_a_tenant_writes() -> Result<()> {
    let mut cluster = Cluster::start().await?;
    let apps = std::env::var("APPS").map_or(Ok(APPS), |apps| apps.parse())?;
    let elsewhere = Elsewhere::create(&cluster, apps).await?;
    cluster.row(&format!("{apps} apps of two components are created"), Duration::ZERO)?;
    cluster.restart().await?;
    elsewhere.probe(async { elsewhere.rest().await }).await?;
    cluster.row("the operator is restarted", Duration::ZERO)?;
    for attack in attacks::ALL {
        cluster.reset_peak()?;
        let slowest = elsewhere.probe(Box::pin(attack.play(&cluster, &elsewhere))).await?;
        cluster.row(attack.name(), slowest)?;
        assert!(slowest < SLOWEST, "{}: another namespace's heal took {slowest:?}", attack.name());
    }
    cluster.stop().await?;
    attacks::oversized_policy(&cluster).await?;
    cluster.restart().await?;
    let slowest = elsewhere.probe(attacks::policy_is_healed(&cluster)).await?;
    cluster.row("the operator is restarted, with all of this and such a policy", slowest)?;
    cluster.finish().await
}
