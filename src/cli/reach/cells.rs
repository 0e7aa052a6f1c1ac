//! Every connection that is asked about, and the judgement on it.

use serde::Serialize;

use super::ends::Row;
use crate::reach::{Endpoint, Matrix, Policy, Side, Transport};

/// One connection.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Cell {
    /// Name of the end that opens it.
    pub(super) from: String,
    /// Name of the end that accepts it.
    pub(super) to: String,
    /// Port of the end that accepts it.
    pub(super) port: u16,
    pub(super) protocol: Transport,
    pub(super) allowed: bool,
    /// The policies in the namespace of `from` that decide whether it may open the connection: those that allow it, or else all that
    /// select it. Empty if none selects it.
    pub(super) egress: Vec<String>,
    /// The policies in the namespace of `to` that decide whether it may accept the connection.
    pub(super) ingress: Vec<String>,
}

/// The connections of the workloads with each other and all other ends, and those of other ends on which a policy decides; in the order of
/// the ends.
pub(super) fn cells(policies: &[Policy], rows: &[Row]) -> Vec<Cell> {
    let ends: Vec<Endpoint> = rows.iter().map(|row| row.end.clone()).collect();
    let matrix = Matrix::new(policies, &ends);
    let pairs = rows.iter().enumerate().flat_map(|from| rows.iter().enumerate().map(move |to| (from, to)));
    let mut cells = Vec::new();
    for ((from, source), (to, target)) in pairs {
        let is_of_workload = source.is_workload || target.is_workload;
        // From one pod to another with the same labels is a connection between pods; from an address to itself isn't.
        let is_asked = from != to || source.end.pod.is_some();
        for &(port, protocol) in target.ports.iter().filter(|_| is_asked) {
            let Some(judgement) = matrix.judge(from, to, port, protocol) else { continue };
            let (egress, ingress) = (names(&judgement.egress), names(&judgement.ingress));
            if is_of_workload || !egress.is_empty() || !ingress.is_empty() {
                let (from, to, allowed) = (source.name.clone(), target.name.clone(), judgement.is_allowed());
                cells.push(Cell { from, to, port, protocol, allowed, egress, ingress });
            }
        }
    }
    cells
}

fn names(side: &Side<'_>) -> Vec<String> {
    side.deciding().iter().map(|policy| policy.name.clone()).collect()
}
