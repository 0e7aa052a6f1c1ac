//! How long this process may write: from when it holds the lease of the leader election, until some time after the last renewal.
//!
//! ```text
//! renewal sent ├────────── RENEW_DEADLINE ──────────┤ no request is sent any more, the process ends
//!              ├──────────────────── LEASE_DURATION ─────────────────────┤ the earliest at which another replica may lead
//!                                                   └ what was sent ends ┘
//! ```
//!
//! Other replicas measure the duration from when they see the renewal, which is after it was sent: so the clocks of two machines are never
//! compared, each process only measures durations by its own.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a lease lasts after a renewal: client-go's default.
pub const LEASE_DURATION: Duration = Duration::from_secs(15);
/// How long after the last renewal the leader gives up: client-go's default.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);

/// The longest time that the API server gets for a write: a second more than the process waits for its answer, so that it's the process
/// that says how long it has waited.
const LONGEST_WRITE: Duration = Duration::from_secs(11);
/// The longest that a request waits for a connection to be opened: it says how long the API server may take before it is sent.
pub(in crate::cluster) const LONGEST_CONNECT: Duration = Duration::from_secs(3);
/// For the way of a request to the API server, which measures from its arrival.
const TRAVEL: Duration = Duration::from_secs(1);

/// How long this process may write.
#[derive(Debug, Default)]
pub struct Tenure(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// The API server may be working on a write until then, whose answer didn't come.
    unanswered: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    NotYet,
    /// The last renewal was sent then.
    Renewed(Instant),
    /// Never again in this process.
    Over,
}

impl Tenure {
    /// The phase as it is now: a deadline that has passed ends the tenure for ever, also if a renewal is answered later.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(state.phase, Phase::Renewed(sent) if sent.elapsed() >= RENEW_DEADLINE) {
            state.phase = Phase::Over;
        }
        state
    }

    /// Records that the API server has stored a renewal, or the first record of this process as the holder, and when that was sent. Returns
    /// whether this process may write now.
    pub fn renewed(&self, sent: Instant) -> bool {
        let mut state = self.state();
        if state.phase != Phase::Over && sent.elapsed() < RENEW_DEADLINE {
            state.phase = Phase::Renewed(sent);
            return true;
        }
        false
    }

    /// Whether this process may write now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.state().phase, Phase::Renewed(_))
    }

    /// The moment from which on this process may not write, unless it renews the lease before; `None` if it may not write now.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state().phase {
            Phase::Renewed(sent) => Some(sent + RENEW_DEADLINE),
            Phase::NotYet | Phase::Over => None,
        }
    }

    /// Ends the tenure: from here on this process writes nothing.
    pub fn end(&self) {
        self.state().phase = Phase::Over;
    }

    /// Whether every write has ended, so that another replica may lead at once. A write without an answer may still be under way.
    #[must_use]
    pub fn has_ended_in_order(&self) -> bool {
        let state = self.state();
        state.phase == Phase::Over && state.unanswered.is_none_or(|until| until <= Instant::now())
    }

    /// How long the API server may take for a write that is sent within [`LONGEST_CONNECT`] from now, in whole seconds: until before the lease
    /// ends. `None` if none may be sent.
    pub(super) fn time_for_a_write(&self) -> Option<Duration> {
        let Phase::Renewed(sent) = self.state().phase else { return None };
        let left = LEASE_DURATION.saturating_sub(sent.elapsed() + LONGEST_CONNECT + TRAVEL);
        Some(Duration::from_secs(left.min(LONGEST_WRITE).as_secs()))
    }

    /// Records that a write has got no answer; the API server works on it until then at the latest.
    pub(super) fn unanswered(&self, until: Instant) {
        let mut state = self.state();
        state.unanswered = state.unanswered.max(Some(until));
    }
}
