//! When something is tried again.

use std::time::Duration;

use super::{
    again::Again,
    earlier::still_needed,
    exposure::{Exposed, ExposureState},
    isolation::{DatabaseState, Isolation},
    outcome::{Applied, ChildState, Outcome},
};
use crate::{
    desired::{Kind, Stage},
    release::{Gate, Target},
};

/// A reconciliation must end: a hung one would occupy a worker for ever.
pub const LONGEST_RECONCILIATION: Duration = Duration::from_secs(30);

/// How soon to check again what only a watch would report otherwise: the end of a deletion, of a pod, of a guard's trouble. Such a
/// check sends no request, so it needs no jitter.
pub const AWAITED: Duration = Duration::from_secs(15);

/// How soon to check again what others outside this operator do, such as install an API or accept a route: their watches wake the app, and no
/// such check sends a request.
const AWAITED_OF_OTHERS: Duration = Duration::from_mins(1);

/// How to react to a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// The object isn't the one that was compared: read it again.
    Outdated,
    /// The API server refused: it will refuse again until something changes.
    Refused,
    /// The API server couldn't answer: try again soon.
    Unavailable,
}

/// The pause after so many failures in a row, without jitter.
#[must_use]
pub fn backoff(class: FailureClass, failures: u32) -> Duration {
    let (first, longest) = match class {
        FailureClass::Outdated => (Duration::from_millis(100), Duration::from_secs(10)),
        FailureClass::Unavailable => (Duration::from_secs(1), Duration::from_mins(1)),
        FailureClass::Refused => (Duration::from_secs(15), Duration::from_mins(5)),
    };
    first.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(longest)
}

/// How often to retry the creation of an object whose name another owner has: soon for guards, since pods may run
/// without them.
#[must_use]
pub const fn conflict_retry(kind: &Kind) -> Duration {
    match kind.stage {
        Stage::Guard => Duration::from_secs(30),
        Stage::Workload | Stage::Entry => Duration::from_mins(5),
    }
}

/// When to reconcile again if nothing changes until then; `None` if only a change can help.
#[must_use]
pub fn next(outcome: &Outcome) -> Option<Duration> {
    let applied = match outcome {
        Outcome::Applied(applied) => applied,
        Outcome::Refused(_) => return None,
        Outcome::Unfinished(pause, _) => return Some(*pause),
    };
    // While the app is paused, nothing is written: the end of the pause is an event.
    let waits = |state: &ChildState| {
        applied.enforcement().paused && matches!(state, ChildState::Held | ChildState::Leftover(_))
    };
    let states = applied.children.iter().map(|child| &child.state).filter(|state| !waits(state));
    let pauses = states.filter_map(|state| again(state).pause());
    let others = [applied.judged, applied.releases.again, gate(&applied.target.gate)].into_iter();
    let others = others.filter_map(Again::pause);
    pauses
        .chain(others)
        .chain(applied.databases.iter().any(|state| awaits(state, &applied.target)).then_some(AWAITED))
        .chain(applied.exposures.iter().filter_map(host))
        .chain(narrows(applied))
        .min()
}

/// The watches of Jobs and pods wake the app; but no wake-up is left to them alone.
fn gate(gate: &Gate) -> Again {
    match gate {
        Gate::Preflight
        | Gate::Await(_)
        | Gate::Prepare { .. }
        | Gate::Enter(_)
        | Gate::Start(_)
        | Gate::Running(_)
        | Gate::Forged(_) => Again::After(AWAITED),
        // What is unrecorded has a pause of its own; the rest waits for a user.
        Gate::Open | Gate::Commit(_) | Gate::Unrecorded(_) | Gate::Failed(_) | Gate::Lost(_) | Gate::RecordLost => {
            Again::Done
        }
    }
}

/// Whether a database's state changes by what others do: their watches wake the app, but no wake-up is left to those alone.
fn awaits(state: &DatabaseState, target: &Target) -> bool {
    let is_unknown = matches!(state.isolation, Isolation::Unknown(_));
    // Its pods are this app's once their holder, or its policy, has gone.
    is_unknown || state.isolation != Isolation::Isolated && target.held.contains(&state.name)
}

/// Whether what a host waits for is reported by watches, or by the calendar.
fn host(state: &ExposureState) -> Option<Duration> {
    let is_settled = matches!(state.exposed, Exposed::Yes | Exposed::NotEnforceable(_));
    if is_settled { state.recheck } else { Some(AWAITED_OF_OTHERS) }
}

/// When connections of earlier releases may be closed: at once where their last pod has gone, else it is awaited.
fn narrows(applied: &Applied) -> Option<Duration> {
    let still_needed = still_needed(applied);
    if still_needed != applied.target.earlier {
        return Some(Duration::ZERO);
    }
    (!still_needed.is_empty() && !applied.enforcement().paused).then_some(AWAITED)
}

/// Whether the work on a child in this state is finished.
#[must_use]
pub const fn again(state: &ChildState) -> Again {
    match state {
        ChildState::Conflict(_, pause)
        | ChildState::Contested(pause)
        | ChildState::Leftover(pause)
        | ChildState::Failed(pause, _) => Again::After(*pause),
        ChildState::AwaitDeletion | ChildState::Held => Again::After(AWAITED),
        ChildState::NoApi => Again::After(AWAITED_OF_OTHERS),
        // What is observed is reported, and that is all that is asked for.
        ChildState::InPlace | ChildState::Observed => Again::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_failures_to_the_bound_of_their_class() {
        for (class, first, longest) in [
            (FailureClass::Outdated, 100, 10_000),
            (FailureClass::Unavailable, 1_000, 60_000),
            (FailureClass::Refused, 15_000, 300_000),
        ] {
            let pauses = [1, 2, u32::MAX].map(|failures| backoff(class, failures).as_millis());
            assert_eq!(pauses, [first, first * 2, longest], "{class:?}");
        }
    }
}
