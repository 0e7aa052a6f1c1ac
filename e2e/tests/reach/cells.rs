//! Every connection of a topology, as the operator judges it, and where another judge differs.

use anyhow::{Context, Result};
use hardened_app::reach::Matrix;

use crate::{
    oracle::Letters,
    topology::{Asked, Topology},
};

/// The operator's judgement in the form of the oracle's.
pub(crate) fn judge(topology: &Topology) -> Result<Letters> {
    let (policies, ends) = (topology.read()?, topology.ends());
    let matrix = Matrix::new(&policies, &ends);
    let letter = |from, (to, port): (usize, &Asked)| {
        let judgement = matrix.judge(from, to, port.number, port.transport).context("no such end")?;
        Ok(match (judgement.egress.is_allowed(), judgement.ingress.is_allowed()) {
            (true, true) => 'A',
            (true, false) => 'E',
            (false, true) => 'I',
            (false, false) => '-',
        })
    };
    let row = |from| {
        let cells = (0..ends.len()).flat_map(|to| topology.ask.iter().map(move |port| (to, port)));
        cells.map(|cell| letter(from, cell)).collect()
    };
    (0..ends.len()).map(row).collect()
}

/// The first cells in which two judges differ, in words.
pub(crate) fn differences(topology: &Topology, ours: &Letters, theirs: &Letters) -> Vec<String> {
    let mut found = Vec::new();
    for (from, (our, their)) in topology.ends.iter().zip(ours.iter().zip(theirs)) {
        let targets = topology.ends.iter().flat_map(|to| topology.ask.iter().map(move |port| (to, port)));
        for ((to, port), (our, their)) in targets.zip(our.chars().zip(their.chars())).filter(|(_, (a, b))| a != b) {
            let (number, transport) = (port.number, port.transport);
            found.push(format!("{} -> {} {number}/{transport}: we say {our}, the oracle {their}", from.name, to.name));
        }
    }
    if ours.len() != theirs.len() || ours.iter().zip(theirs).any(|(our, their)| our.len() != their.len()) {
        found.push("the numbers of cells differ".to_owned());
    }
    found
}
