//! A client of the databases that the operator runs.

use std::path::Path;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::PostParams;

use crate::cli;
use crate::inside::{Ended, run};
use crate::place::Place;
use crate::pod;

/// The images that the samples name, and those of the node's registry.
pub(crate) const POSTGRES: (&str, &str) = ("docker.io/library/postgres:17.6", "registry.example.com/postgres:15");
pub(crate) const REDIS: (&str, &str) = ("docker.io/library/redis:8.2", "registry.example.com/redis:7");

/// Creates the Secrets that `hardened-app database-secret` prints for an app.
pub(crate) async fn create_secrets(place: &Place, app: &str) -> Result<()> {
    let printed = cli::print(&["database-secret"], app)?;
    for secret in serde_saphyr::from_multiple::<Secret>(&printed)? {
        place.api::<Secret>().create(&PostParams::default(), &secret).await?;
    }
    Ok(())
}

/// A value of a Secret.
pub(crate) async fn secret(place: &Place, name: &str, key: &str) -> Result<String> {
    let secret = place.api::<Secret>().get(name).await?;
    let value = secret.data.and_then(|mut data| data.remove(key)).with_context(|| format!("{name} has no {key}"))?;
    Ok(String::from_utf8(value.0)?)
}

pub(crate) async fn first(place: &Place, workload: &str) -> Result<Pod> {
    place.pods(workload).await?.into_iter().next().with_context(|| format!("{workload} has no pod"))
}

/// Runs a client of a database's image in the network of another pod, so that the policies for that pod apply.
pub(crate) async fn as_client(place: &Place, network: &Path, workload: &str, command: &[&str]) -> Result<Ended> {
    let files = pod::process(&first(place, workload).await?)?;
    let environment = [("PATH", "/bin:/usr/bin:/usr/lib/postgresql/15/bin"), ("PGCONNECT_TIMEOUT", "5")];
    run(network, &files, 65532, &environment, command).await
}
