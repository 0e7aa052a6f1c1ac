//! What must be done to one object: data before it is a request.

use serde_json::Value;

use crate::api::{DriftItem, FindingItem};

/// What must be done to one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing: it is as declared, or its deviations are only reported.
    Keep,
    /// A write.
    Send(Request),
    /// Nothing: it has another owner.
    Conflict {
        /// Which one.
        holder: String,
    },
    /// Nothing yet: it is being deleted, and will be created once it is gone.
    AwaitDeletion,
}

/// A write to one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Create it, and only if nothing of that name exists.
    Create,
    /// Apply it whole: restores every declared field, and updates an older version.
    Apply,
    /// Remove what other field managers added, with this JSON patch.
    Remove(Value),
    /// Set everything that differs, with this JSON patch, then apply.
    Correct(Value),
    /// Delete it, if it is still the version that was judged, and create it again: a field differs that the API server never
    /// changes.
    Replace,
}

/// How a live object compares with the child it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What must be done.
    pub change: Change,
    /// The JSON patch to send if the API server finds the change invalid.
    pub correction: Option<Value>,
    /// Whether the declared object is newer than the live one, or was never created.
    pub is_update: bool,
    /// What other field managers have changed.
    pub drift: Vec<DriftItem>,
    /// Additions that no field manager claims.
    pub findings: Vec<FindingItem>,
    /// Their paths.
    pub unowned: Vec<String>,
    /// Whether the object is kept only because the policy tolerates something: it must be compared again when the
    /// policy changes.
    pub conditional: bool,
}

impl Verdict {
    /// A verdict with a change and nothing else.
    pub(super) const fn new(change: Change) -> Self {
        Self {
            change,
            correction: None,
            is_update: false,
            drift: Vec::new(),
            findings: Vec::new(),
            unowned: Vec::new(),
            conditional: false,
        }
    }

    /// Whether any of the drift weakens the workload: then it is reverted at short intervals however often it returns.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        self.drift.iter().any(|item| item.dangerous)
    }
}
