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
    /// The stored object doesn't fit the schema.
    Unreadable(String),
    /// The spec or its policy is wrong; nothing was touched.
    Rejected(Vec<Rejection>),
    /// The API server was too slow; what was begun goes on at the next look.
    TimedOut,
    /// The spec was carried out, as far as it went.
    Carried(Box<Carried>),
}

impl Outcome {
    /// What others had done and was undone.
    pub fn reverted(&self) -> impl Iterator<Item = DriftItem> {
        let children = match self {
            Self::Carried(carried) => carried.children.as_slice(),
            Self::Unreadable(_) | Self::Rejected(_) | Self::TimedOut => &[],
        };
        children.iter().flat_map(|child| child.reverted.iter().cloned())
    }
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
}

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
        status.children = children(previous, generation, &carried.children);
        let unowned = carried.children.iter().flat_map(|child| child.findings.clone());
        let left = carried.children.iter().filter(|child| matches!(child.state, ChildState::Leftover)).map(leftover);
        status.findings = carried.app.findings.iter().cloned().chain(unowned).chain(left).collect();
        status.findings.sort();
        status.findings.dedup();
    }
    status.conditions = conditions::conditions(previous, outcome, &status, now);
    status
}

fn leftover(child: &ChildOutcome) -> FindingItem {
    FindingItem {
        check: "leftover".to_owned(),
        component: String::new(),
        message: format!(
            "{} {} is declared no more: it goes once all components serve and its pods are gone",
            child.kind, child.name
        ),
    }
}

/// The children there are: those in place, and those that a request failed to bring back.
fn children(previous: &HardenedAppStatus, generation: Option<i64>, outcomes: &[ChildOutcome]) -> Vec<ChildRef> {
    let mut children: Vec<ChildRef> = outcomes
        .iter()
        .filter_map(|child| {
            let reference = ChildRef { kind: child.kind.to_owned(), name: child.name.clone() };
            let listed = previous.observed_generation == generation && previous.children.contains(&reference);
            let there = match child.state {
                ChildState::InPlace | ChildState::Contested(_) => true,
                ChildState::Conflict(..) | ChildState::Leftover => false,
                ChildState::AwaitDeletion | ChildState::Held | ChildState::Failed(..) => listed,
            };
            (there && !child.component.is_empty()).then_some(reference)
        })
        .collect();
    children.sort();
    children
}

#[cfg(test)]
mod tests;
