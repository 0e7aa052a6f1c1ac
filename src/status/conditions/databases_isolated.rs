//! `DatabasesIsolated`: only their clients may connect to the databases.

use super::decision::{Decision, Facts};
use crate::{
    api::Reason,
    plan::{DatabaseState, Isolation, Outcome},
};

/// Not present where there is nothing to judge.
pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    let Outcome::Applied(applied) = facts.outcome else { return None };
    let judged = || applied.databases.iter().filter(|state| state.isolation != Isolation::External);
    judged().next()?;
    let worst =
        judged().filter_map(|state| Some((state, problem(state)?))).min_by_key(|(_, (holds, ..))| holds.is_none());
    Some(match worst {
        None => Decision::new(true, Reason::Isolated, "only its clients may connect to each database"),
        Some((state, (holds, reason, message))) => {
            Decision { holds, reason, message: format!("{}: {message}", state.name) }
        }
    })
}

/// What is wrong with one. What is open matters more than what isn't known yet.
fn problem(state: &DatabaseState) -> Option<(Option<bool>, Reason, &String)> {
    Some(match &state.isolation {
        Isolation::Isolated | Isolation::External => return None,
        Isolation::Opened(message) => (Some(false), Reason::Opened, message),
        Isolation::NoPods(message) => (Some(false), Reason::NoPods, message),
        Isolation::PortMismatch(message) => (Some(false), Reason::PortMismatch, message),
        Isolation::Claimed(message) => (Some(false), Reason::Claimed, message),
        Isolation::Unknown(message) => (None, Reason::PodsUnknown, message),
    })
}
