//! What the operator costs, measured on a real control plane against a bare client that writes the same: `make bench`.

mod bare;
mod drifts;
mod fleet;
mod foreign;
mod heal;
mod identical;
mod measured;
mod quiet;
mod race;
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

/// In a document, what stands between these lines is replaced by the report.
const BEGIN: &str = "<!-- measured by `make bench`: begin -->\n";
const END: &str = "<!-- measured by `make bench`: end -->\n";

/// Measure the operator on a control plane of its own.
#[derive(Parser)]
struct Arguments {
    /// The operator, as it is released.
    #[arg(long)]
    operator: PathBuf,
    /// Numbers of apps.
    #[arg(long, value_delimiter = ',', default_value = "100,1000")]
    apps: Vec<usize>,
    /// Foreign objects beside the most apps.
    #[arg(long, default_value_t = 50_000)]
    foreign: usize,
    /// A document with a place for the report; else it is only printed.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = select! {
        outcome = measure(&arguments) => outcome,
        _ = ctrl_c() => Err(anyhow::anyhow!("stopped before its end")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the bench failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let processors = std::thread::available_parallelism()?.get();
    let most = arguments.apps.iter().max().copied().unwrap_or_default();
    let mut measured = Vec::new();
    for apps in arguments.apps.iter().copied() {
        eprintln!("{apps} apps");
        let foreign = if apps == most { arguments.foreign } else { 0 };
        measured.push(measure_with(apps, foreign, &arguments.operator).await?);
    }
    let report = report::report(&measured, processors);
    println!("{report}");
    arguments.out.as_deref().map_or(Ok(()), |document| put_into(document, &report))
}

/// The race, then on its last stage what comes after it.
async fn measure_with(apps: usize, foreign: usize, program: &Path) -> Result<Measured> {
    let (race, fleet, stage) = race::run(apps, program).await?;
    let mut stage = stage.context("there was no lap")?;
    let apps = Stage::apps(apps);
    eprintln!("  heals");
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
    let Some((head, tail)) = parts else { bail!("{} has no place for the report", document.display()) };
    std::fs::write(document, format!("{head}{BEGIN}{report}{END}{tail}"))?;
    Ok(())
}
