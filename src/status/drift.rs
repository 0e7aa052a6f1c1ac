//! Drift in the status: what other clients changed, and whether it was reverted.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

use crate::{
    api::{DriftItem, DriftStatus},
    plan::{ChildOutcome, most_dangerous},
};

/// Deviations kept after they were reverted, and shown while they aren't.
const KEPT: usize = 20;

/// What was reverted: new items before known ones.
pub(super) fn reverted(previous: &DriftStatus, new_items: &[DriftItem], now: Timestamp) -> Vec<DriftItem> {
    // The answer to the write of the previous status may have been lost: what it has isn't new.
    let is_new = |item: &&DriftItem| !previous.reverted.contains(item);
    let new_items = new_items.iter().filter(is_new).map(|item| dated(item, None, now));
    let mut items = most_dangerous(new_items.collect(), KEPT);
    // New items are always kept: if known ones displaced them, they would never be reported.
    items.extend(most_dangerous(previous.reverted.clone(), KEPT - items.len()));
    items
}

/// What isn't reverted. The time of the first observation stays, however often an item is observed again.
pub(super) fn open(previous: &DriftStatus, children: &[ChildOutcome], now: Timestamp) -> Vec<DriftItem> {
    let mut found: Vec<&DriftItem> = children.iter().flat_map(|child| &child.open).collect();
    found.sort_by_key(|item| !item.dangerous);
    found
        .into_iter()
        .take(KEPT)
        .map(|item| dated(item, previous.open.iter().find(|known| known.is_same(item)), now))
        .collect()
}

fn dated(item: &DriftItem, known: Option<&DriftItem>, now: Timestamp) -> DriftItem {
    let since = known.and_then(|known| known.since.clone()).or_else(|| item.since.clone()).or(Some(Time(now)));
    DriftItem { since, ..item.clone() }
}

/// A deviation in one line.
pub(super) fn sentence(item: &DriftItem) -> String {
    let DriftItem { kind, name, path, change, manager, .. } = item;
    let what = format!("{change:?}").to_lowercase();
    let place = if path.is_empty() { format!("{kind} {name}") } else { format!("{kind} {name}: {path}") };
    if manager.is_empty() { format!("{place} {what}") } else { format!("{place} {what} by {manager}") }
}
