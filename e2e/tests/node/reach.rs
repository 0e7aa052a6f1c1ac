//! Compares which connections succeed with those that should.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::node::packets::{self, Outcome};
use e2e::until;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;

use crate::pod;

/// A policy takes effect within a second after a pod or a policy has changed.
const LIMIT: Duration = Duration::from_secs(30);

/// A connection, and whether it may succeed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Cell {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) port: u16,
    pub(crate) protocol: String,
    pub(crate) allowed: bool,
}

/// Those that connect and those that listen, by the names in the cells.
#[derive(Default)]
pub(crate) struct Field {
    /// A process of each (`/proc/<pid>`).
    pub(crate) sources: BTreeMap<String, PathBuf>,
    pub(crate) targets: BTreeMap<String, IpAddr>,
}

impl Field {
    /// Adds a pod that connects and listens.
    pub(crate) fn add(&mut self, name: &str, pod: &Pod) -> Result<()> {
        self.sources.insert(name.to_owned(), pod::process(pod)?);
        self.targets.insert(name.to_owned(), pod::address(pod)?);
        Ok(())
    }

    /// Tries all connections until every outcome is the expected one. Something must listen at each address and port: so a
    /// connection that is allowed succeeds, and one that is denied times out.
    ///
    /// # Errors
    /// When outcomes still differ after [`LIMIT`]; the message lists them.
    pub(crate) async fn agrees(&self, expected: &[Cell]) -> Result<()> {
        let mut differing = Vec::new();
        let agreed = until("every connection is as expected", LIMIT, async || {
            differing = self.differing(expected).await?;
            Ok(differing.is_empty().then_some(()))
        });
        agreed.await.with_context(|| {
            format!("{} of {} connections differ:\n{}", differing.len(), expected.len(), differing.join("\n"))
        })
    }

    async fn differing(&self, expected: &[Cell]) -> Result<Vec<String>> {
        let rows = self.sources.iter().map(async |(source, process)| {
            let cells: Vec<&Cell> = expected.iter().filter(|cell| cell.from == *source).collect();
            let addresses = cells.iter().map(|cell| self.address(cell)).collect::<Result<_>>()?;
            let outcomes = packets::connect(process, addresses).await.with_context(|| format!("from {source}"))?;
            anyhow::Ok(cells.into_iter().zip(outcomes).filter_map(differs).collect::<Vec<_>>())
        });
        Ok(try_join_all(rows).await?.concat())
    }

    fn address(&self, cell: &Cell) -> Result<SocketAddr> {
        let address = self.targets.get(&cell.to).with_context(|| format!("the test has no end named {}", cell.to))?;
        Ok((*address, cell.port).into())
    }
}

fn differs((cell, outcome): (&Cell, Outcome)) -> Option<String> {
    let expected = if cell.allowed { Outcome::Connected } else { Outcome::TimedOut };
    let Cell { from, to, port, protocol, .. } = cell;
    (outcome != expected).then(|| format!("{from} -> {to} {port}/{protocol}: {outcome:?} instead of {expected:?}"))
}
