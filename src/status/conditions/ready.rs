//! `Ready`: the app is accepted, all its objects are in place and all its pods are ready.

use super::{accepted, available, decision::Decision, exposed, migrated, secrets_valid};
use crate::{
    api::{DriftChange, DriftMode, HardenedAppStatus, PAUSED, Reason},
    desired::Stage,
    plan::{Applied, ChildOutcome, ChildState, Outcome},
};

/// What keeps an applied app from being ready; the first that holds gives the reason.
const CHECKS: [fn(&Applied) -> Option<Decision>; 6] =
    [paused, conflict, failed, contested_guard, being_deleted, missing];

pub(super) fn decide(outcome: &Outcome, status: &HardenedAppStatus) -> Decision {
    if let Some(refused) = accepted::refused(outcome) {
        return refused;
    }
    let Outcome::Applied(applied) = outcome else {
        let why = if let Outcome::Unfinished(_, why) = outcome { why.as_str() } else { "" };
        return Decision::new(false, Reason::ApplyFailed, why);
    };
    let waits = || secrets_valid::why_not(applied).or_else(|| migrated::why_not(applied, status));
    why_not(applied).or_else(waits).unwrap_or_else(|| {
        let available = available::of(applied, status);
        let is_exposed = || exposed::why_not(applied);
        if available.holds == Some(true) { is_exposed().unwrap_or(available) } else { available }
    })
}

/// What is wrong with the objects of an app.
pub(super) fn why_not(applied: &Applied) -> Option<Decision> {
    CHECKS.iter().find_map(|check| check(applied))
}

fn paused(applied: &Applied) -> Option<Decision> {
    let message = || format!("nothing is written: remove the annotation {PAUSED} to go on");
    applied.enforcement().paused.then(|| Decision::new(false, Reason::Paused, message()))
}

/// Checked before failures, since it needs a user.
fn conflict(applied: &Applied) -> Option<Decision> {
    applied.children.iter().find_map(|child| match &child.state {
        ChildState::Conflict(holder, _) => Some(Decision::new(
            false,
            Reason::Conflict,
            format!(
                "{} {} isn't controlled by this app (controller: {holder}) and is left alone; rename or delete it, or rename the app or component",
                child.kind.name, child.name
            ),
        )),
        _ => None,
    })
}

fn failed(applied: &Applied) -> Option<Decision> {
    applied.children.iter().find_map(|child| match &child.state {
        ChildState::Failed(_, message) => Some(Decision::new(false, Reason::ApplyFailed, message.clone())),
        _ => None,
    })
}

/// Pods may run without the guard as it is declared.
fn contested_guard(applied: &Applied) -> Option<Decision> {
    let is_guard = |child: &&ChildOutcome| child.kind.stage == Stage::Guard;
    let mut guards = applied.children.iter().filter(is_guard);
    let child = guards.find(|child| matches!(child.state, ChildState::Contested(_)) && child.is_weakened())?;
    let message = format!(
        "{} {} is changed again and again by another manager, and changes of its component wait: see drift.open",
        child.kind.name, child.name
    );
    Some(Decision::new(false, Reason::Contested, message))
}

fn being_deleted(applied: &Applied) -> Option<Decision> {
    let child = applied.children.iter().find(|child| matches!(child.state, ChildState::AwaitDeletion))?;
    let then = match applied.enforcement().mode {
        DriftMode::Enforce => " and is recreated once it is gone",
        DriftMode::Observe => "",
    };
    let message = format!("{} {} is being deleted{then}", child.kind.name, child.name);
    Some(Decision::new(false, Reason::WaitingForDeletion, message))
}

/// Deleted, and not recreated since deviations are only observed.
fn missing(applied: &Applied) -> Option<Decision> {
    let is_missing = |child: &&ChildOutcome| {
        matches!(child.state, ChildState::Observed) && child.open.iter().any(|item| item.change == DriftChange::Deleted)
    };
    let child = applied.children.iter().find(is_missing)?;
    let message = format!(
        "{} {} was deleted and isn't recreated: change the spec, or set spec.drift.mode to Enforce",
        child.kind.name, child.name
    );
    Some(Decision::new(false, Reason::Observed, message))
}
