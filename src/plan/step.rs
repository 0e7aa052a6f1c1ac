//! The one decision about one child: what is done next, from what is known of it and from what earlier attempts have
//! shown.

use std::time::Instant;

use super::{
    known::{Guards, Known, Live},
    memory::ChildMemory,
    outcome::ChildState,
    schedule::conflict_retry,
    verdict::{self, Change, Path, Request, Verdict},
};
use crate::{
    api::{MANAGED_BY, MANAGER},
    desired::{Child, Stage},
};

/// What is done next about a child, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct NextStep {
    /// How the live object compares with the child.
    pub verdict: Verdict,
    /// What is done next.
    pub step: Step,
}

/// What is done next about a child.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing, for now.
    Rest(ChildState),
    /// A request is sent.
    Send {
        /// Which one.
        request: Request,
        /// What for.
        purpose: Purpose,
    },
    /// The object is read: its text isn't kept, or it may exist without the label that the watches select by.
    Read,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To revert drift; counted, since two managers may revert each other for ever.
    Heal,
    /// Everything else: to create, to update, or to finish a heal.
    Apply,
}

/// Requests in one reconciliation at most: a child needs an apply, a removal and a comparison with the response; whatever is left
/// then waits for the next reconciliation.
pub const MOST_REQUESTS: usize = 4;

/// Decides what is done next about a child.
#[must_use]
pub fn step(child: &Child, known: &Known<'_>, memory: &ChildMemory, now: Instant) -> NextStep {
    let verdict = verdict::of(child, known);
    let unread = matches!(known.live, Live::Unread { .. });
    let step = if unread || (may_be_out_of_sight(child, known) && !memory.gone) {
        Step::Read
    } else {
        match &verdict.change {
            Change::Keep if verdict.drift.is_empty() => Step::Rest(ChildState::InPlace),
            Change::Keep => Step::Rest(ChildState::Observed),
            Change::Conflict { holder } => Step::Rest(ChildState::Conflict(holder.clone(), conflict_retry(child.kind))),
            // No watch will report that it is gone.
            Change::AwaitDeletion if is_out_of_sight(&known.live) && !known.read => Step::Read,
            Change::AwaitDeletion => Step::Rest(ChildState::AwaitDeletion),
            Change::Send(request) => send(request, child, &verdict, known, memory, now),
        }
    };
    NextStep { verdict, step }
}

/// If a listed child isn't recreated, an object that only lost the operator's label would never be found, so a deletion
/// must not be assumed.
fn may_be_out_of_sight(child: &Child, known: &Known<'_>) -> bool {
    let left = known.enforcement.paused || known.observes(child);
    known.live == Live::Absent && left && known.lists(child)
}

/// Whether the object lacks the label that the watches select by.
fn is_out_of_sight(live: &Live) -> bool {
    let label = Path::of_fields(&["metadata", "labels", MANAGED_BY]).pointer();
    matches!(live, Live::Object { object, .. } if object.pointer(&label).is_none_or(|value| value != MANAGER))
}

fn send(
    request: &Request,
    child: &Child,
    verdict: &Verdict,
    known: &Known<'_>,
    memory: &ChildMemory,
    now: Instant,
) -> Step {
    let creates = *request == Request::Create;
    if creates && let Some((pause, holder)) = memory.conflict(child, now) {
        return Step::Rest(ChildState::Conflict(holder, pause));
    }
    if let Some((pause, message)) = memory.refusal(child, verdict.is_dangerous(), now) {
        return Step::Rest(ChildState::Failed(pause, message));
    }
    let new_pods = verdict.is_update || *request == Request::Replace;
    if known.enforcement.paused || (known.guards == Guards::Missing && new_pods) {
        return Step::Rest(ChildState::Held);
    }
    // An update of an object whose drift is only observed reverts nothing.
    let observed = known.observes(child) && verdict.is_update;
    if known.reverted || verdict.drift.is_empty() || observed {
        return Step::Send { request: request.clone(), purpose: Purpose::Apply };
    }
    // Pods are never left without their guard, however often it is deleted.
    if !(creates && child.kind.stage == Stage::Guard) {
        let pause = memory.contention.pause(verdict.is_dangerous(), now);
        if !pause.is_zero() {
            return Step::Rest(ChildState::Contested(pause));
        }
    }
    Step::Send { request: request.clone(), purpose: Purpose::Heal }
}
