//! The other implementation.

use std::{
    io::{BufWriter, Write},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::topology::Topology;

/// For each end that opens connections a text with a letter for each end that accepts them and each port: `A` allowed, `E` only the
/// egress side allows it, `I` only the ingress side, `-` neither.
pub(crate) type Letters = Vec<String>;

/// What the oracle says about one topology.
#[derive(Deserialize)]
pub(crate) struct Answer {
    name: String,
    /// With selectors evaluated by Kubernetes' own code.
    pub(crate) judged: Letters,
    /// With selectors evaluated by the oracle's own code.
    pub(crate) own: Letters,
}

/// Asks about all topologies; the answers are in the same order.
pub(crate) fn ask(topologies: &[Topology]) -> Result<Vec<Answer>> {
    let mut command = Command::new(e2e::oracle()?);
    let mut oracle =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the oracle doesn't start")?;
    let stdin = oracle.stdin.take().context("the oracle has no standard input")?;
    // It answers while it still reads.
    let output = thread::scope(|scope| {
        let written = scope.spawn(|| write(topologies, stdin));
        let output = oracle.wait_with_output().context("the oracle doesn't end")?;
        ensure!(output.status.success(), "the oracle failed");
        written.join().map_err(|_| anyhow::anyhow!("writing to the oracle panicked"))??;
        anyhow::Ok(output.stdout)
    })?;
    let answers: Vec<Answer> = serde_json::Deserializer::from_slice(&output).into_iter().collect::<Result<_, _>>()?;
    ensure!(answers.len() == topologies.len(), "{} answers to {} questions", answers.len(), topologies.len());
    for (topology, answer) in topologies.iter().zip(&answers) {
        ensure!(topology.name == answer.name, "an answer about {} to the question {}", answer.name, topology.name);
    }
    Ok(answers)
}

fn write(topologies: &[Topology], to: impl Write) -> Result<()> {
    let mut to = BufWriter::new(to);
    for topology in topologies {
        serde_json::to_writer(&mut to, topology)?;
    }
    to.flush().context("the oracle stopped reading")
}
