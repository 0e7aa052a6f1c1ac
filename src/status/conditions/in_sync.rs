//! `InSync`: no live object deviates from what is declared, and what is declared is there.

use super::{
    super::drift::sentence,
    accepted,
    decision::{Decision, Facts},
    ready,
};
use crate::{
    api::{DriftItem, DriftMode, HardenedAppStatus, Reason},
    plan::{Applied, ChildOutcome, ChildState, Outcome},
};

/// What keeps an applied app from being in sync; the first that holds gives the reason.
const CHECKS: [fn(&Applied, &HardenedAppStatus) -> Option<Decision>; 5] = [contested, drifted, observed, held, blocked];

pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    match facts.outcome {
        Outcome::Applied(applied) => {
            let deviates = CHECKS.iter().find_map(|check| check(applied, facts.status));
            Some(deviates.unwrap_or_else(|| in_sync(facts.status)))
        }
        // No object was compared: repeating the earlier status would be a guess.
        Outcome::Refused(_) => accepted::refused(facts.outcome).map(|refused| refused.with(None)),
        Outcome::Unfinished(..) => None,
    }
}

fn contested(applied: &Applied, _: &HardenedAppStatus) -> Option<Decision> {
    let item = applied.children.iter().find_map(|child| match child.state {
        ChildState::Contested(_) => child.open.first(),
        _ => None,
    })?;
    Some(Decision::new(false, Reason::Contested, format!("reverted repeatedly: {}", sentence(item))))
}

fn drifted(applied: &Applied, status: &HardenedAppStatus) -> Option<Decision> {
    let item = status.drift.open.iter().find(|item| failed_to_heal(item, applied))?;
    Some(Decision::new(false, Reason::Drifted, sentence(item)))
}

/// Whether a deviation ought to have been reverted.
fn failed_to_heal(item: &DriftItem, applied: &Applied) -> bool {
    let left = |child: &ChildOutcome| matches!(child.state, ChildState::Observed | ChildState::AwaitDeletion);
    let mut tried = applied.children.iter().filter(|child| !left(child));
    !applied.enforcement().paused && tried.any(|child| child.open.iter().any(|open| open.is_same(item)))
}

/// What is left as it is. A deviation of an object that is replaced goes with the object.
fn observed(applied: &Applied, status: &HardenedAppStatus) -> Option<Decision> {
    let left = applied.enforcement().paused || applied.enforcement().mode == DriftMode::Observe;
    let leaving = applied.children.iter().filter(|child| matches!(child.state, ChildState::AwaitDeletion));
    let leaving: Vec<&DriftItem> = leaving.flat_map(|child| &child.open).collect();
    let item = status.drift.open.iter().find(|item| left || !leaving.iter().any(|open| open.is_same(item)))?;
    Some(Decision::new(false, Reason::Observed, format!("reported and not undone: {}", sentence(item))))
}

fn held(applied: &Applied, _: &HardenedAppStatus) -> Option<Decision> {
    let held = applied.children.iter().any(|child| matches!(child.state, ChildState::Held));
    (applied.enforcement().paused && held)
        .then(|| Decision::new(false, Reason::Paused, "changes of the spec wait until the pause is over"))
}

/// An object that couldn't be written, or must not be yet, isn't what is declared: a release that is stuck is no drift, but nor is it
/// in sync.
fn blocked(applied: &Applied, _: &HardenedAppStatus) -> Option<Decision> {
    ready::why_not(applied).filter(|_| applied.is_blocked()).map(|why| why.with(Some(false)))
}

fn in_sync(status: &HardenedAppStatus) -> Decision {
    match status.drift.reverted.first() {
        Some(last) => Decision::new(true, Reason::Reverted, format!("last undone: {}", sentence(last))),
        None => Decision::new(true, Reason::InSync, "nothing deviates"),
    }
}
