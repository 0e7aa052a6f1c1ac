//! 6 What we report: the outcome of a round becomes the status. Pure; computed for every outcome.

mod components;
mod conditions;
mod drift;
mod events;

pub use events::{Note, notes};
use k8s_openapi::jiff::Timestamp;

use crate::{
    api::{ChildRef, DriftItem, FindingItem, HardenedAppStatus},
    app::{App, Rejection},
    cluster::{ChildOutcome, ChildState, PodState, Rollout},
};

/// What became of one look at an app.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The spec can't be carried out, and this process knows no earlier one that could: nothing was looked at.
    Refused(Refusal),
    /// The API server was too slow; what was begun goes on at the next look.
    TimedOut,
    /// The spec was carried out, as far as it went.
    Carried(Box<Carried>),
}

/// Why a spec can't be carried out.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The stored object doesn't fit the schema.
    Unreadable(String),
    /// The spec or its policy is wrong.
    Rejected(Vec<Rejection>),
}

/// How far a spec was carried out.
#[derive(Clone, Debug)]
pub struct Carried {
    /// What was to be done.
    pub app: App,
    /// How each child stands.
    pub children: Vec<ChildOutcome>,
    /// How far each component of the app has come, in its order.
    pub progress: Vec<(Option<Rollout>, Vec<PodState>)>,
    /// Why the newest spec is refused; then it is the last accepted one that was carried out.
    pub refused: Option<Refusal>,
}

/// Findings shown; the largest app has a few per component.
const FINDINGS: usize = 100;

/// The status after an outcome. Equal to the previous one where nothing has changed: no time in it ticks. `reverted` is what
/// was undone and is in no status yet.
#[must_use]
pub fn report(
    previous: &HardenedAppStatus,
    generation: Option<i64>,
    outcome: &Outcome,
    reverted: &[DriftItem],
    now: Timestamp,
) -> HardenedAppStatus {
    // What isn't known anew stays as it was: a rejected spec changes nothing that runs.
    let mut status = HardenedAppStatus { observed_generation: generation, ..previous.clone() };
    status.drift.reverted = drift::reverted(&previous.drift, reverted, now);
    if let Outcome::Carried(carried) = outcome {
        status.components = components::components(carried);
        status.drift.open = drift::open(&previous.drift, &carried.children, now);
        status.children = children(previous, generation, carried);
        if !waits(carried) {
            status.carried_generation = generation;
        }
        let unowned = carried.children.iter().flat_map(|child| child.findings.clone());
        let left = carried.children.iter().filter(|child| matches!(child.state, ChildState::Leftover)).map(leftover);
        let declared = carried.app.findings.iter().cloned().chain(carried.app.drift.findings());
        status.findings = declared.chain(unowned).chain(left).collect();
        status.findings.sort();
        status.findings.dedup();
        status.findings.truncate(FINDINGS);
    }
    status.conditions = conditions::conditions(previous, outcome, &status, now);
    status
}

/// Whether the children that a status lists are those of this very spec: then one that isn't there was deleted.
#[must_use]
pub fn speaks_of(status: &HardenedAppStatus, generation: Option<i64>) -> bool {
    status.carried_generation == generation
}

/// Whether the newest spec isn't carried out: the children are still those of an earlier one.
fn waits(carried: &Carried) -> bool {
    carried.refused.is_some() || carried.app.drift.paused
}

fn leftover(child: &ChildOutcome) -> FindingItem {
    FindingItem {
        check: "leftover".to_owned(),
        component: String::new(),
        message: format!(
            "{} {} is declared no more: it goes once all components serve, its pods are gone and the app isn't paused",
            child.kind, child.name
        ),
    }
}

/// The children there are: those in place, and those that a request failed to bring back.
fn children(previous: &HardenedAppStatus, generation: Option<i64>, carried: &Carried) -> Vec<ChildRef> {
    let same_spec = waits(carried) || speaks_of(previous, generation);
    let mut children: Vec<ChildRef> = carried
        .children
        .iter()
        .filter_map(|child| {
            let reference = ChildRef { kind: child.kind.to_owned(), name: child.name.clone() };
            let listed = same_spec && previous.children.contains(&reference);
            let there = match child.state {
                ChildState::InPlace | ChildState::Observed | ChildState::Contested(_) => true,
                ChildState::Leftover => false,
                // Ours isn't there, and that may be somebody's doing.
                ChildState::Conflict(..) | ChildState::AwaitDeletion | ChildState::Held | ChildState::Failed(..) => {
                    listed
                }
            };
            (there && !child.component.is_empty()).then_some(reference)
        })
        .collect();
    children.sort();
    children
}

#[cfg(test)]
mod tests;
