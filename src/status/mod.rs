//! 6 What we report: the outcome of a round becomes the status. Pure; computed for every outcome.

mod components;
mod conditions;
mod drift;
mod events;

pub use events::{Note, notes};
use k8s_openapi::jiff::Timestamp;

use crate::{
    api::{ChildRef, HardenedAppStatus},
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
    /// The spec was carried out, as far as it went.
    Carried(Box<Carried>),
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

/// The status after an outcome. Equal to the previous one where nothing has changed: no time in it ticks.
#[must_use]
pub fn report(
    previous: &HardenedAppStatus,
    generation: Option<i64>,
    outcome: &Outcome,
    now: Timestamp,
) -> HardenedAppStatus {
    // What isn't known anew stays as it was: a rejected spec changes nothing that runs.
    let mut status = HardenedAppStatus { observed_generation: generation, ..previous.clone() };
    if let Outcome::Carried(carried) = outcome {
        status.components = components::components(carried);
        status.drift = drift::drift(&previous.drift, &carried.children, now);
        status.children = children(previous, generation, &carried.children);
        let unowned = carried.children.iter().flat_map(|child| child.findings.clone());
        status.findings = carried.app.findings.iter().cloned().chain(unowned).collect();
        status.findings.sort();
        status.findings.dedup();
    }
    status.conditions = conditions::conditions(previous, outcome, &status, now);
    status
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
                ChildState::Conflict(..) => false,
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
