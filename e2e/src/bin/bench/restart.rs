//! Measures a restart of the operator: the time until it is ready, and until its work queue is empty.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{audit, operator, until};

use crate::quiet;
use crate::race;
use crate::stage::Stage;
use crate::usage::{self, Memory};

const LIMIT: Duration = Duration::from_mins(2);

/// A restart.
#[derive(Clone, Debug)]
pub(crate) struct Restart {
    pub(crate) ready: Duration,
    pub(crate) quiet: Duration,
    /// Pages of lists.
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    pub(crate) cpu: Duration,
    pub(crate) memory: Memory,
}

/// Stops the operator and starts it again, with this number of apps to reconcile.
pub(crate) async fn measure(stage: &mut Stage, apps: usize) -> Result<Restart> {
    stage.stop_operator().await?;
    let before = stage.requests()?.len();
    let began = Instant::now();
    stage.start_operator().await?;
    until("the operator is ready", LIMIT, async || {
        Ok((operator::page(&stage.control_plane, "/readyz").await?.0 == 200).then_some(()))
    })
    .await?;
    let ready = began.elapsed();
    let quiet = quiet::wait(stage.operator()?).await? - began;
    let reconciled = reconciliations(stage).await?;
    ensure!(reconciled >= apps, "the operator is idle after {reconciled} reconciliations of {apps} apps");
    let requests: Vec<_> = stage.requests()?.into_iter().skip(before).collect();
    let counts = audit::summary(&requests);
    let (read, written) = (race::sum(&counts, true), race::sum(&counts, false));
    let process = stage.operator()?;
    let (cpu, memory) = (usage::cpu(process)?, Memory::of(process)?);
    Ok(Restart { ready, quiet, reads: read, writes: written, cpu, memory })
}

/// The number of reconciliations so far.
pub(crate) async fn reconciliations(stage: &Stage) -> Result<usize> {
    let (_, text) = operator::page(&stage.control_plane, "/metrics").await?;
    let samples = text.lines().filter(|line| line.starts_with("controller_runtime_reconcile_total{"));
    let values: Vec<&str> = samples.filter_map(|line| line.rsplit(' ').next()).collect();
    ensure!(!values.is_empty(), "no such metric");
    values.into_iter().map(|value| Ok(value.parse::<usize>()?)).sum()
}
