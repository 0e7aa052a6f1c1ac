//! What others did, and what became of it.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

use crate::{
    api::{DriftItem, DriftStatus},
    cluster::ChildOutcome,
};

/// Deviations kept after they were undone.
const KEPT: usize = 20;

pub(super) fn drift(
    previous: &DriftStatus,
    reverted: &[DriftItem],
    children: &[ChildOutcome],
    now: Timestamp,
) -> DriftStatus {
    let dated = |item: &DriftItem| DriftItem { since: item.since.clone().or(Some(Time(now))), ..item.clone() };
    let open = children.iter().flat_map(|child| &child.open).map(|item| {
        // First seen is first seen, however often it is looked at.
        let known = previous.open.iter().find(|known| known.is_same(item)).and_then(|known| known.since.clone());
        DriftItem { since: known.or_else(|| dated(item).since), ..item.clone() }
    });
    DriftStatus {
        open: open.collect(),
        reverted: reverted.iter().map(dated).chain(previous.reverted.iter().cloned()).take(KEPT).collect(),
    }
}

/// A deviation in one line.
pub(super) fn sentence(item: &DriftItem) -> String {
    let DriftItem { kind, name, path, change, manager, .. } = item;
    let what = format!("{change:?}").to_lowercase();
    let place = if path.is_empty() { format!("{kind} {name}") } else { format!("{kind} {name}: {path}") };
    if manager.is_empty() { format!("{place} {what}") } else { format!("{place} {what} by {manager}") }
}
