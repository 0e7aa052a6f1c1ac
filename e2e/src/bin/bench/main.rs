//! Benchmark: the operator against a bare client that writes the same objects, on a real control plane. `make bench` runs it.

mod bare;
mod drifts;
mod evaluations;
mod fleet;
mod foreign;
mod heal;
mod hosts;
mod identical;
mod measured;
mod quiet;
mod race;
mod reach;
mod report;
mod restart;
mod rows;
mod sight;
mod stage;
mod table;
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::select;
use tokio::signal::ctrl_c;

use crate::measured::{Crowd, Measured};
use crate::stage::Stage;

/// The report replaces the text between these two lines of a document.
const BEGIN: &str = "<!-- measured by `make bench`: begin -->\n";
const END: &str = "<!-- measured by `make bench`: end -->\n";

/// Benchmark the operator on a control plane that this program starts.
#[derive(Parser)]
struct Arguments {
    /// Path of the operator's release build.
    #[arg(long)]
    operator: PathBuf,
    /// Numbers of apps, comma-separated. Reverts are recognized in the status, which keeps 20 of each app: fewer apps would have more.
    #[arg(long, value_delimiter = ',', default_value = "100,1000", value_parser = clap::value_parser!(u16).range(25..))]
    apps: Vec<u16>,
    /// Number of foreign objects to create beside the largest number of apps.
    #[arg(long, default_value_t = 50_000)]
    foreign: usize,
    /// Document into which the report is written, between its marker lines.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = select! {
        outcome = measure(&arguments) => outcome,
        _ = ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let processors = std::thread::available_parallelism()?.get();
    let numbers: Vec<usize> = arguments.apps.iter().copied().map(usize::from).collect();
    let most = numbers.iter().max().copied().unwrap_or_default();
    eprintln!("NetworkPolicies");
    let judged = reach::measure()?;
    let evaluations = evaluations::measure(&arguments.operator).await?;
    eprintln!("hosts");
    let hosts = hosts::measure(&arguments.operator).await?;
    let mut measured = Vec::new();
    for apps in numbers {
        eprintln!("{apps} apps");
        let foreign = if apps == most { arguments.foreign } else { 0 };
        measured.push(measure_with(apps, foreign, &arguments.operator).await?);
    }
    let report = report::report(&measured, &judged, evaluations, hosts, processors);
    println!("{report}");
    arguments.out.as_deref().map_or(Ok(()), |document| put_into(document, &report))
}

/// Runs the race; then measures reverts and restarts on the control plane of the last lap.
async fn measure_with(apps: usize, foreign: usize, program: &Path) -> Result<Measured> {
    let (race, fleet, stage) = race::run(apps, program).await?;
    let mut stage = stage.context("the race had no lap")?;
    let apps = Stage::apps(apps);
    eprintln!("  reverts");
    let heals = heal::measure(&stage, &fleet).await?;
    eprintln!("  restart");
    let restart = restart::measure(&mut stage, apps).await?;
    let crowd = if foreign == 0 {
        None
    } else {
        eprintln!("  {foreign} foreign objects");
        let foreign = foreign::crowd(&stage, foreign).await?;
        let heals = heal::measure(&stage, &fleet).await?;
        Some(Crowd { foreign, heals, restart: restart::measure(&mut stage, apps).await? })
    };
    Ok(Measured { race, heals, restart, crowd })
}

fn put_into(document: &Path, report: &str) -> Result<()> {
    let text = std::fs::read_to_string(document).with_context(|| format!("cannot read {}", document.display()))?;
    let parts = text.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let Some((head, tail)) = parts else { bail!("{} lacks the marker lines for the report", document.display()) };
    std::fs::write(document, format!("{head}{BEGIN}{report}{END}{tail}"))?;
    Ok(())
}
