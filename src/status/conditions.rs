//! The conditions. Each is decided by a list of small checks; the first that applies gives the reason.

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::Timestamp,
};

use super::drift::sentence;
use crate::{
    api::{ConditionType, DriftChange, DriftItem, DriftMode, HardenedAppStatus, PAUSED, Reason},
    app::{PartName, Refusal, Rejection},
    plan::{Applied, ChildOutcome, ChildState, Outcome, PartProgress},
};

/// Longest message: long enough for every mistake of a spec, short enough to be read.
const LONGEST: usize = 2048;

/// What a look that took too long leaves as it was.
const KEPT: [&str; 3] = ["Accepted", "Available", "InSync"];

/// A decision about one condition; `None` is "Unknown".
struct Decision {
    holds: Option<bool>,
    reason: Reason,
    message: String,
}

impl Decision {
    fn of(holds: bool, reason: Reason, message: impl Into<String>) -> Self {
        Self { holds: Some(holds), reason, message: message.into() }
    }

    fn again(&self, holds: Option<bool>) -> Self {
        Self { holds, reason: self.reason, message: self.message.clone() }
    }
}

/// The conditions after an outcome, in a fixed order.
pub(super) fn conditions(
    previous: &HardenedAppStatus,
    outcome: &Outcome,
    status: &HardenedAppStatus,
    now: Timestamp,
) -> Vec<Condition> {
    let accepted = accepted(outcome);
    let ready = ready(outcome, &accepted, status);
    let stalled = matches!(
        ready.reason,
        Reason::Rejected | Reason::Unreadable | Reason::Paused | Reason::Conflict | Reason::Observed
    );
    let mut decided = vec![(ConditionType::Ready, ready.again(ready.holds))];
    if ready.holds != Some(true) {
        let kind = if stalled { ConditionType::Stalled } else { ConditionType::Reconciling };
        decided.push((kind, ready.again(Some(true))));
    }
    match outcome {
        Outcome::Applied(applied) => {
            decided.push((ConditionType::Available, available(applied, status)));
            decided.push((ConditionType::InSync, in_sync(applied, status)));
        }
        // Nobody has looked: to say what was true before would be a guess.
        Outcome::Refused(_) => {
            decided.push((ConditionType::Available, accepted.again(None)));
            decided.push((ConditionType::InSync, accepted.again(None)));
        }
        Outcome::TimedOut => {}
    }
    decided.insert(1, (ConditionType::Accepted, accepted));
    let mut conditions: Vec<Condition> =
        decided.into_iter().map(|(kind, decision)| condition(previous, status, kind, &decision, now)).collect();
    if matches!(outcome, Outcome::TimedOut) {
        // Nothing new is known of these.
        for known in previous.conditions.iter().filter(|known| KEPT.contains(&known.type_.as_str())) {
            match conditions.iter_mut().find(|decided| decided.type_ == known.type_) {
                Some(decided) => decided.clone_from(known),
                None => conditions.push(known.clone()),
            }
        }
    }
    conditions
}

/// `lastTransitionTime` moves only when the status flips.
fn condition(
    previous: &HardenedAppStatus,
    status: &HardenedAppStatus,
    kind: ConditionType,
    decision: &Decision,
    now: Timestamp,
) -> Condition {
    let holds = match decision.holds {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let known = previous.conditions.iter().find(|known| known.type_ == kind.as_str() && known.status == holds);
    Condition {
        type_: kind.as_str().to_owned(),
        status: holds.to_owned(),
        reason: decision.reason.as_str().to_owned(),
        message: decision.message.chars().take(LONGEST).collect(),
        last_transition_time: known.map_or(Time(now), |known| known.last_transition_time.clone()),
        observed_generation: status.observed_generation,
    }
}

fn accepted(outcome: &Outcome) -> Decision {
    let refusal = match outcome {
        Outcome::Refused(refusal) => Some(refusal),
        Outcome::Applied(applied) => applied.refused.as_ref(),
        Outcome::TimedOut => None,
    };
    match refusal {
        Some(Refusal::Unreadable(error)) => Decision::of(
            false,
            Reason::Unreadable,
            format!(
                "the stored object doesn't fit the schema: {error}; correct it, or bring CRD and operator to the same version"
            ),
        ),
        Some(Refusal::Rejected(rejections)) => {
            let words: Vec<String> = rejections.iter().map(Rejection::to_string).collect();
            Decision::of(false, Reason::Rejected, words.join("\n"))
        }
        None if matches!(outcome, Outcome::Applied(applied) if applied.enforcement().paused) => {
            Decision::of(true, Reason::Accepted, "the spec can be carried out, once the pause is over")
        }
        None => Decision::of(true, Reason::Accepted, "the spec is carried out"),
    }
}

fn available(applied: &Applied, status: &HardenedAppStatus) -> Decision {
    let complete = |name: &str| applied.progress.get(&PartName::new(name)).is_some_and(PartProgress::is_complete);
    let Some(component) = status.components.iter().find(|component| !complete(&component.name)) else {
        return Decision::of(true, Reason::Available, "all pods of all components serve");
    };
    let rollouts = applied.progress.values().filter_map(PartProgress::rollout);
    let stuck = rollouts.into_iter().any(|rollout| rollout.stuck);
    let reason = if stuck { Reason::RolloutStuck } else { Reason::RolloutInProgress };
    Decision::of(false, reason, format!("{}: {}", component.name, component.message))
}

fn ready(outcome: &Outcome, accepted: &Decision, status: &HardenedAppStatus) -> Decision {
    let applied = match outcome {
        Outcome::TimedOut => {
            return Decision::of(false, Reason::ApplyFailed, "the API server is too slow; the rest follows");
        }
        Outcome::Applied(applied) if applied.refused.is_none() => applied,
        Outcome::Applied(_) | Outcome::Refused(_) => return accepted.again(Some(false)),
    };
    if applied.enforcement().paused {
        return Decision::of(
            false,
            Reason::Paused,
            format!("nothing is written: remove the annotation {PAUSED} to go on"),
        );
    }
    let children = applied.children.as_slice();
    let conflict = || {
        children.iter().find_map(|child| match &child.state {
            ChildState::Conflict(holder, _) => Some(Decision::of(
                false,
                Reason::Conflict,
                format!(
                    "{} {} belongs to {holder} and is left alone; rename or delete it, or rename the app or component",
                    child.kind.name, child.name
                ),
            )),
            _ => None,
        })
    };
    let failed = || {
        children.iter().find_map(|child| match &child.state {
            ChildState::Failed(_, words) => Some(Decision::of(false, Reason::ApplyFailed, words.clone())),
            _ => None,
        })
    };
    let leaving = || {
        let child = children.iter().find(|child| matches!(child.state, ChildState::AwaitDeletion))?;
        let then = match applied.enforcement().mode {
            DriftMode::Enforce => " and comes anew once it is gone",
            DriftMode::Observe => "",
        };
        let words = format!("{} {} is being deleted{then}", child.kind.name, child.name);
        Some(Decision::of(false, Reason::WaitingForDeletion, words))
    };
    let missing = || {
        let gone = |item: &DriftItem| item.change == DriftChange::Deleted;
        let observed = |child: &&ChildOutcome| matches!(child.state, ChildState::Observed);
        let child = children.iter().filter(observed).find(|child| child.open.iter().any(gone))?;
        let words = format!(
            "{} {} was deleted and isn't made anew: change the spec, or set spec.drift.mode to Enforce",
            child.kind.name, child.name
        );
        Some(Decision::of(false, Reason::Observed, words))
    };
    conflict().or_else(failed).or_else(leaving).or_else(missing).unwrap_or_else(|| available(applied, status))
}

/// Whether a deviation ought to have been undone.
fn is_unwilling(item: &DriftItem, applied: &Applied) -> bool {
    let left = |child: &ChildOutcome| matches!(child.state, ChildState::Observed | ChildState::AwaitDeletion);
    let mut tried = applied.children.iter().filter(|child| !left(child));
    !applied.enforcement().paused && tried.any(|child| child.open.iter().any(|open| open.is_same(item)))
}

fn in_sync(applied: &Applied, status: &HardenedAppStatus) -> Decision {
    let contested = applied.children.iter().find_map(|child| match child.state {
        ChildState::Contested(_) => child.open.first(),
        _ => None,
    });
    let held = applied.children.iter().any(|child| matches!(child.state, ChildState::Held));
    let drift = &status.drift;
    if let Some(item) = contested {
        return Decision::of(false, Reason::Contested, format!("undone again and again: {}", sentence(item)));
    }
    match (drift.open.first(), drift.reverted.first()) {
        (Some(open), _) => match drift.open.iter().find(|item| is_unwilling(item, applied)) {
            Some(item) => Decision::of(false, Reason::Drifted, sentence(item)),
            None => Decision::of(false, Reason::Observed, format!("reported and not undone: {}", sentence(open))),
        },
        (None, _) if applied.enforcement().paused && held => {
            Decision::of(false, Reason::Paused, "changes of the spec wait until the pause is over")
        }
        (None, Some(last)) => Decision::of(true, Reason::Reverted, format!("last undone: {}", sentence(last))),
        (None, None) => Decision::of(true, Reason::InSync, "nothing deviates"),
    }
}
