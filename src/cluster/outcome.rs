//! What has become of the children: plain data, for the status.

use std::time::Duration;

use crate::{
    api::{DriftItem, FindingItem},
    desired::Child,
    plan::{Leftover, Verdict},
};

/// What has become of one child.
#[derive(Clone, Debug)]
pub struct ChildOutcome {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Component it belongs to.
    pub component: String,
    /// How it stands.
    pub state: ChildState,
    /// What others had done and was undone.
    pub reverted: Vec<DriftItem>,
    /// What others have done and is not undone.
    pub open: Vec<DriftItem>,
    /// What nobody claims.
    pub findings: Vec<FindingItem>,
}

/// How a child stands.
#[derive(Clone, Debug)]
pub enum ChildState {
    /// As declared.
    InPlace,
    /// The name belongs to somebody else; tried again after this long.
    Conflict(String, Duration),
    /// Deviations are only reported, and it is left as it is.
    Observed,
    /// Undone so often that the next time must wait.
    Contested(Duration),
    /// An object of this name is being deleted.
    AwaitDeletion,
    /// Nothing declares it any more; it goes when what takes its place serves and its pods are gone.
    Leftover,
    /// Not tried, because what must come before it isn't in place, or because the app is paused.
    Held,
    /// A write failed: when to try again, and why in words.
    Failed(Duration, String),
}

impl ChildState {
    /// Whether what comes after this child may go on.
    pub(super) const fn lets_pass(&self) -> bool {
        matches!(self, Self::InPlace | Self::Observed | Self::Contested(_))
    }
}

impl ChildOutcome {
    pub(super) fn of(child: &Child, state: ChildState) -> Self {
        let (name, component) = (child.name.clone(), child.component.clone());
        Self { name, component, ..Self::nameless(child.kind.kind, state) }
    }

    /// The outcome of what belongs to no component any more.
    pub(super) fn of_leftover(leftover: &Leftover, state: ChildState) -> Self {
        Self { name: leftover.name.clone(), ..Self::nameless(leftover.kind.kind, state) }
    }

    /// The outcome where work on a child stops: what the last verdict still finds is open, all else was undone.
    pub(super) fn stopped(child: &Child, state: ChildState, undone: Vec<DriftItem>, verdict: Verdict) -> Self {
        let open = if matches!(state, ChildState::InPlace) { Vec::new() } else { verdict.drift };
        let reverted = undone.into_iter().filter(|item| !open.iter().any(|known| known.is_same(item))).collect();
        Self { reverted, open, findings: verdict.findings, ..Self::of(child, state) }
    }

    const fn nameless(kind: &'static str, state: ChildState) -> Self {
        Self {
            kind,
            name: String::new(),
            component: String::new(),
            state,
            reverted: Vec::new(),
            open: Vec::new(),
            findings: Vec::new(),
        }
    }
}
