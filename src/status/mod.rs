//! 7 What is reported: the outcome of a reconciliation becomes the status. Pure; computed for every outcome.

mod components;
mod conditions;
mod databases;
mod drift;
mod events;
mod exposures;
mod releases;

use std::collections::BTreeSet;

pub use events::{EventNote, notes};
use k8s_openapi::jiff::Timestamp;

use crate::{
    api::{Check, ChildRef, DriftItem, FindingItem, HardenedAppStatus},
    plan::{Applied, ChildOutcome, ChildState, Outcome, is_about},
};

/// Findings shown; the largest app has a few per component.
const FINDINGS: usize = 100;

/// The status after an outcome. Equal to the previous one if nothing has changed: it doesn't contain the time of the
/// report. `reverted` is what was reverted and isn't in a status yet.
#[must_use]
pub fn report(
    previous: &HardenedAppStatus,
    generation: Option<i64>,
    outcome: &Outcome,
    reverted: &[DriftItem],
    now: Timestamp,
) -> HardenedAppStatus {
    // What this reconciliation didn't find out stays as it was: a rejected spec changes nothing that runs.
    let mut status = HardenedAppStatus { observed_generation: generation, ..previous.clone() };
    let has_generation = previous.applied_generation.or(previous.children_generation).is_some();
    if !has_generation && !previous.children.is_empty() {
        // An earlier version of the operator had the field under another name, which the API server drops.
        status.applied_generation = previous.observed_generation;
    }
    status.drift.reverted = drift::reverted(&previous.drift, reverted, now);
    if let Outcome::Applied(applied) = outcome {
        status.release = releases::release(previous, applied, now);
        status.migration = releases::migration(previous, applied);
        status.components = components::components(&previous.components, applied);
        status.databases = databases::databases(&applied.databases);
        status.exposures = exposures::exposures(&applied.exposures);
        status.urls = exposures::urls(&applied.exposures);
        status.drift.open = drift::open(&previous.drift, &applied.children, now);
        status.children = children(previous, generation, applied);
        if applied.is_carried_out() {
            status.applied_generation = generation;
        }
        if !applied.waits() {
            status.children_generation = generation.filter(|_| status.applied_generation != generation);
        }
        let unowned = applied.children.iter().flat_map(|child| child.findings.clone());
        // Where it isn't known what runs, what the newest spec doesn't declare may be what runs.
        let is_known = applied.target.runs.is_some() || status.release.is_none();
        let left = applied.children.iter().filter(|child| is_known && matches!(child.state, ChildState::Leftover(_)));
        let left = left.map(leftover);
        let declared = applied.findings.iter().chain(&applied.bypass).cloned();
        let declared = declared.chain(applied.enforcement().findings()).chain(releases::findings(applied));
        status.findings = findings(declared.chain(unowned).chain(left));
    }
    status.conditions = conditions::conditions(previous, outcome, &status, now);
    // What an earlier version of the operator didn't write is written with the next change, so that an upgrade alone writes nothing.
    let mut earlier = status.clone();
    earlier.components.iter_mut().for_each(|component| component.settled = None);
    if previous.release.is_none() {
        earlier.release = None;
    }
    if previous.applied_generation.is_none() {
        earlier.applied_generation = None;
    }
    if *previous == earlier {
        return earlier;
    }
    status
}

/// In a fixed order, each once; the last one says how many are left out.
fn findings(found: impl Iterator<Item = FindingItem>) -> Vec<FindingItem> {
    let mut all: Vec<FindingItem> = found.collect::<BTreeSet<_>>().into_iter().collect();
    if all.len() > FINDINGS {
        let more = all.split_off(FINDINGS - 1).len();
        all.push(FindingItem::about("", Check::MoreFindings, &format!("and {more} more findings")));
    }
    all
}

fn leftover(child: &ChildOutcome) -> FindingItem {
    let message = format!(
        "{} {} is no longer declared: it is deleted once all new and changed components have been available, its pods are gone and the app isn't paused",
        child.kind.name, child.name
    );
    FindingItem::about("", Check::Leftover, &message)
}

/// The children that exist: those in place, and those that a request failed to restore.
fn children(previous: &HardenedAppStatus, generation: Option<i64>, applied: &Applied) -> Vec<ChildRef> {
    let same_spec = applied.waits() || is_about(previous, generation);
    let mut children: Vec<ChildRef> = applied
        .children
        .iter()
        .filter_map(|child| {
            let reference = ChildRef { kind: child.kind.name.to_owned(), name: child.name.clone() };
            let listed = same_spec && previous.children.contains(&reference);
            let there = match child.state {
                ChildState::InPlace | ChildState::Observed | ChildState::Contested(_) => true,
                // The objects have gone with their kind.
                ChildState::Leftover(_) | ChildState::NoApi => false,
                // It isn't in place, and another client may have deleted it: listed as before, so that a deletion is
                // recognized.
                ChildState::Conflict(..) | ChildState::AwaitDeletion | ChildState::Held | ChildState::Failed(..) => {
                    listed
                }
            };
            (there && child.declared).then_some(reference)
        })
        .collect();
    children.sort();
    children
}

#[cfg(test)]
mod tests;
