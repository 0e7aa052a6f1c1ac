//! When something is tried again.

use std::time::Duration;

use super::outcome::{ChildState, Outcome};
use crate::desired::{Kind, Stage};

/// A reconciliation must end: a hung one would occupy a worker for ever.
pub const LONGEST_RECONCILIATION: Duration = Duration::from_secs(30);

/// How soon to check again for an object that was being deleted. Usually its watch reports the deletion earlier.
const AFTER_DELETION: Duration = Duration::from_secs(15);

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
        Stage::Workload => Duration::from_mins(5),
    }
}

/// When to reconcile again if nothing changes until then; `None` if only a change can help.
#[must_use]
pub fn next(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Applied(applied) => applied.children.iter().filter_map(|child| retry(&child.state)).min(),
        Outcome::Refused(_) => None,
        Outcome::TimedOut => Some(LONGEST_RECONCILIATION),
    }
}

const fn retry(state: &ChildState) -> Option<Duration> {
    match state {
        ChildState::Conflict(_, pause) | ChildState::Contested(pause) | ChildState::Failed(pause, _) => Some(*pause),
        ChildState::AwaitDeletion => Some(AFTER_DELETION),
        ChildState::InPlace | ChildState::Observed | ChildState::Held | ChildState::Leftover => None,
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
