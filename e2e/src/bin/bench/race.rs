//! The race: each contender in turn creates the same apps. A lap is measured from the first request to the last app in place.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::audit::{self, Request};

use crate::fleet::Fleet;
use crate::identical;
use crate::quiet;
use crate::stage::{Contender, Stage};
use crate::usage::{Cpu, Memory};

/// The contenders alternate, so that other load on the machine affects both. The three bare clients count as one contender,
/// of which the best lap is taken; so the operator has three laps as well.
const TURNS: [Contender; 6] = [
    Contender::Bare(8),
    Contender::Operator,
    Contender::Bare(16),
    Contender::Operator,
    Contender::Bare(32),
    Contender::Operator,
];

/// The time after which the memory of an idle operator no longer changes.
const SETTLING: Duration = Duration::from_secs(5);

/// What was measured in one lap.
#[derive(Clone, Debug)]
pub(crate) struct Lap {
    pub(crate) contender: Contender,
    pub(crate) wall: Duration,
    pub(crate) cpu: Cpu,
    /// Number of requests by verb and resource.
    pub(crate) requests: BTreeMap<String, usize>,
    /// Of the operator; None for the bare client.
    pub(crate) memory: Option<Memory>,
}

/// All laps with one number of apps.
#[derive(Debug)]
pub(crate) struct Race {
    pub(crate) apps: usize,
    pub(crate) laps: Vec<Lap>,
    /// Number of warm-up requests that all contenders sent byte for byte.
    pub(crate) identical: usize,
}

/// Runs all laps; returns the stage of the last one, on which the operator still runs.
pub(crate) async fn run(apps: usize, program: &Path) -> Result<(Race, Fleet, Option<Stage>)> {
    let fleet = Fleet::of(apps)?;
    let (mut laps, mut sent, mut last) = (Vec::new(), Vec::new(), None);
    for contender in TURNS {
        // The previous control plane ends first: two of them would share the processors.
        drop(last.take());
        let stage = Stage::set(contender, program).await?;
        sent.push(identical::sent(&stage)?);
        let lap = lap(&stage, contender, &fleet).await?;
        eprintln!("  {apps} apps, {contender:?}: {:.2} s", lap.wall.as_secs_f64());
        laps.push(lap);
        last = Some(stage);
    }
    let identical = identical::all_the_same(&sent)?;
    Ok((Race { apps, laps, identical }, fleet, last))
}

async fn lap(stage: &Stage, contender: Contender, fleet: &Fleet) -> Result<Lap> {
    let apps = fleet.apps().len();
    fleet.prepare(stage.admin()).await?;
    let before = stage.requests()?.len();
    let (used, began) = (Cpu::now(&stage.control_plane)?, Instant::now());
    stage.fill(contender, fleet).await?;
    let ended = stage.in_place(apps).await?;
    let cpu = Cpu::now(&stage.control_plane)?.since(used);
    let memory = match contender {
        Contender::Operator => {
            quiet::wait(stage.operator()?).await?;
            tokio::time::sleep(SETTLING).await;
            Some(Memory::of(stage.operator()?)?)
        }
        Contender::Bare(_) => None,
    };
    let requests: Vec<Request> = stage.requests()?.into_iter().skip(before).collect();
    let failed = requests.iter().find(|request| request.code >= 300);
    ensure!(failed.is_none(), "{contender:?}: a request failed: {failed:?}");
    Ok(Lap { contender, wall: ended - began, cpu, requests: audit::summary(&requests), memory })
}

/// The number of reads, or of writes, among the requests.
pub(crate) fn sum(requests: &BTreeMap<String, usize>, reads: bool) -> usize {
    let is_read = |target: &str| target.starts_with("list ") || target.starts_with("get ");
    requests.iter().filter(|(target, _)| is_read(target) == reads).map(|(_, count)| count).sum()
}

impl Race {
    /// The fastest lap of the bare client and the fastest lap of the operator.
    pub(crate) fn best(&self) -> Option<(&Lap, &Lap)> {
        let best = |operator: bool| {
            let laps = self.laps.iter().filter(|lap| (lap.contender == Contender::Operator) == operator);
            laps.min_by_key(|lap| lap.wall)
        };
        best(false).zip(best(true))
    }
}
