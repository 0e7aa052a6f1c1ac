//! What the last status reports about the children: it distinguishes a deleted object from one that was never created.

use crate::{
    api::{ChildRef, DriftChange, DriftItem, HardenedAppStatus},
    desired::Child,
};

/// What the last status reports about the children.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastReport<'a> {
    /// The children of the spec that is being applied; empty if the status is about another spec.
    children: &'a [ChildRef],
    /// The deviations that weren't reverted.
    open: &'a [DriftItem],
}

impl<'a> LastReport<'a> {
    /// The report in a status, read for a spec of this generation; `waits` means that an earlier spec is applied
    /// instead.
    #[must_use]
    pub fn of(status: &'a HardenedAppStatus, generation: Option<i64>, waits: bool) -> Self {
        let children = if waits || is_about(status, generation) { status.children.as_slice() } else { &[] };
        Self { children, open: &status.drift.open }
    }

    /// Whether a child existed when the status was written.
    #[must_use]
    pub fn lists(&self, child: &Child) -> bool {
        self.children.iter().any(|known| known.kind == child.kind.name && known.name == child.name)
    }

    /// Whether a child is reported as deleted, for whichever spec.
    #[must_use]
    pub fn says_deleted(&self, child: &Child) -> bool {
        let is_it = |item: &&DriftItem| item.kind == child.kind.name && item.name == child.name;
        let deleted = |item: &DriftItem| item.change == DriftChange::Deleted && item.path.is_empty();
        self.open.iter().filter(is_it).any(deleted)
    }
}

/// Whether the children that a status lists are those of the spec of this generation.
#[must_use]
pub fn is_about(status: &HardenedAppStatus, generation: Option<i64>) -> bool {
    // An earlier version of the operator had the second field under another name, which the API server drops.
    status.children_generation.or(status.applied_generation).or(status.observed_generation) == generation
}
