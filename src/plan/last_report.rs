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
        self.open_of(child).any(|item| item.change == DriftChange::Deleted && item.path.is_empty())
    }

    /// The deviations of a child's object that is replaced because of one of them; empty if it isn't.
    #[must_use]
    pub fn replaced(&self, child: &Child) -> Vec<DriftItem> {
        let replaced = self.open_of(child).any(|item| item.change == DriftChange::Replaced);
        self.open_of(child).filter(|_| replaced).cloned().collect()
    }

    fn open_of(&self, child: &Child) -> impl Iterator<Item = &'a DriftItem> {
        self.open.iter().filter(|item| item.kind == child.kind.name && item.name == child.name)
    }
}

/// Whether the children that a status lists are those of the spec of this generation.
#[must_use]
pub fn is_about(status: &HardenedAppStatus, generation: Option<i64>) -> bool {
    // An earlier version of the operator had the second field under another name, which the API server drops.
    status.children_generation.or(status.applied_generation).or(status.observed_generation) == generation
}
