//! Whose guards must be in place before the pods of a part change: its own, and those that let it in where it connects to.

use std::collections::BTreeSet;

use crate::{
    app::{AppId, End, Part, PartName, Peer},
    release::Target,
};

/// The part itself, and those of the app to which it connects. What only pods of earlier releases connect to isn't waited for: its
/// guard may fail for ever.
#[must_use]
pub fn needs(target: &Target, part: &PartName) -> BTreeSet<PartName> {
    let own = pods(&target.id, part);
    let declared = target.runs.iter().chain(&target.comes).flat_map(|release| release.edges.iter().cloned());
    let edges = declared.chain(target.of_checks());
    let reached: BTreeSet<End> = edges.filter(|edge| edge.from == own).map(|edge| edge.to).collect();
    let is_reached = |other: &&Part| other.ends(&target.id).iter().any(|end| reached.contains(end));
    target.parts().filter(is_reached).map(Part::name).chain([part]).cloned().collect()
}

fn pods(id: &AppId, part: &PartName) -> End {
    End::Pods(Peer { namespace: None, workload: id.workload_label(part) })
}
