//! A decision about one condition, and the facts it is based on.

use crate::{
    api::{HardenedAppStatus, Reason},
    plan::Outcome,
};

/// What conditions are decided from.
pub(super) struct Facts<'a> {
    /// The outcome of the reconciliation.
    pub(super) outcome: &'a Outcome,
    /// The new status, complete but for its conditions.
    pub(super) status: &'a HardenedAppStatus,
    /// The decision about `Ready`, from which others follow.
    pub(super) ready: Decision,
}

/// A decision about one condition.
#[derive(Clone)]
pub(super) struct Decision {
    /// Its status; `None` is "Unknown".
    pub(super) holds: Option<bool>,
    pub(super) reason: Reason,
    pub(super) message: String,
}

impl Decision {
    pub(super) fn new(holds: bool, reason: Reason, message: impl Into<String>) -> Self {
        Self { holds: Some(holds), reason, message: message.into() }
    }

    /// The same reason and message for another condition.
    pub(super) fn with(&self, holds: Option<bool>) -> Self {
        Self { holds, ..self.clone() }
    }
}
