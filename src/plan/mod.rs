//! 4 What differs: live objects are compared with the children, and every change is data before it is a request. Pure.

mod compare;
mod contention;
mod correction;
mod drift;
mod judge;
mod outcome;
mod ownership;
mod path;
mod pod;
mod prune;
mod removal;

pub use compare::{Difference, differences};
pub use contention::Contention;
pub use drift::foremost;
pub use judge::{holder, judge};
pub use outcome::{Applied, ChildOutcome, ChildState, Outcome, PartProgress, Refusal};
pub use ownership::{Claim, claims};
pub use path::Path;
pub use pod::PodState;
pub use prune::{Leftover, prunable};
use serde_json::Value;

use crate::{
    api::{DriftItem, DriftMode, FindingItem},
    app::Enforcement,
    desired::Child,
};

/// What must be done to one object. Closed: applying, status and tests share it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing: it is as declared, or its deviations are only reported.
    Keep,
    /// Create it, and only if nothing of that name is there.
    Create,
    /// Apply it whole: heals every declared field, and brings an older version up to date.
    Apply,
    /// Remove what others added, by this JSON patch.
    Remove(Value),
    /// Set all that differs, by this JSON patch, then apply.
    Correct(Value),
    /// Nothing: it belongs to somebody else.
    Conflict {
        /// Who has it.
        holder: String,
    },
    /// Nothing yet: it is being deleted, and will be created once it is gone.
    AwaitDeletion,
}

impl Change {
    /// Whether it takes a request.
    #[must_use]
    pub const fn is_request(&self) -> bool {
        matches!(self, Self::Create | Self::Apply | Self::Remove(_) | Self::Correct(_))
    }
}

/// What must be done to one object, and what that says about others.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What must be done.
    pub change: Change,
    /// The JSON patch of last resort, where the API server finds the change invalid.
    pub correction: Option<Value>,
    /// Whether the declared object is newer than the live one, or not made yet.
    pub news: bool,
    /// What others did.
    pub drift: Vec<DriftItem>,
    /// What nobody claims.
    pub findings: Vec<FindingItem>,
    /// Whether the object is kept only because the policy tolerates something: it must be judged anew when the policy changes.
    pub conditional: bool,
}

/// What is known of a child in the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// Nothing of that name, as far as the watch can see.
    Absent,
    /// It was found equal to this very child before, and hasn't changed since.
    Settled {
        /// What nobody claimed then.
        findings: Vec<FindingItem>,
    },
    /// It was found equal to an earlier version of the child, and hasn't changed since.
    Outdated {
        /// Its UID.
        uid: String,
        /// Its version.
        version: u64,
        /// Its number of pods, if it has one.
        replicas: Option<i64>,
    },
    /// It was found equal to a child of another app.
    Foreign {
        /// Which app.
        holder: String,
    },
    /// It must be looked at.
    Object {
        /// Its UID.
        uid: String,
        /// All of it but its status.
        object: Value,
        /// This process has seen it equal to this very child before, so that every difference is somebody else's doing.
        settled: bool,
    },
}

impl Live {
    /// An object as a request brought it.
    #[must_use]
    pub fn answered(object: Value) -> Self {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::Object { uid, object, settled: false }
    }

    /// The UID, where the object is there and known well enough to have one.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Outdated { uid, .. } | Self::Object { uid, .. } => Some(uid),
            Self::Absent | Self::Settled { .. } | Self::Foreign { .. } => None,
        }
    }

    /// The number of pods and the version that says so.
    #[must_use]
    pub fn scale(&self) -> (Option<i64>, Option<String>) {
        match self {
            Self::Object { object, .. } => {
                let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
                (object.pointer("/spec/replicas").and_then(Value::as_i64), version.map(str::to_owned))
            }
            Self::Outdated { version, replicas, .. } => (*replicas, Some(version.to_string())),
            Self::Absent | Self::Settled { .. } | Self::Foreign { .. } => (None, None),
        }
    }

    /// Whether `found` is the very version that was judged, or the one object known only by its UID.
    #[must_use]
    pub fn is_version_of(&self, found: &Value) -> bool {
        let same = |field: &str, judged: &Value| judged.pointer(field) == found.pointer(field);
        match self {
            Self::Object { object, .. } => same("/metadata/uid", object) && same("/metadata/resourceVersion", object),
            Self::Outdated { uid, .. } => found.pointer("/metadata/uid").and_then(Value::as_str) == Some(uid),
            Self::Absent | Self::Settled { .. } | Self::Foreign { .. } => false,
        }
    }
}

/// What the last status says of a child.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// It is listed, for this very spec.
    pub listed: bool,
    /// It is said to have been deleted, for whichever spec.
    pub deleted: bool,
}

/// What must be done about a child, whatever is known of it.
#[must_use]
pub fn verdict(child: &Child, owner_uid: &str, live: &Live, told: Told, enforcement: &Enforcement) -> Verdict {
    match live {
        Live::Absent => Verdict::absent(child, told, is_observed(child, enforcement)),
        Live::Settled { findings } => Verdict { findings: findings.clone(), ..Verdict::of(Change::Keep) },
        Live::Outdated { .. } => Verdict { news: true, ..Verdict::of(Change::Apply) },
        Live::Foreign { holder } => Verdict::of(Change::Conflict { holder: holder.clone() }),
        Live::Object { object, settled, .. } => judge(child, owner_uid, object, *settled, told.listed, enforcement),
    }
}

/// Whether deviations of a child are only reported.
#[must_use]
pub fn is_observed(child: &Child, enforcement: &Enforcement) -> bool {
    enforcement.mode == DriftMode::Observe && !child.kind.rules.always_enforced
}

impl Verdict {
    /// Whether any of the drift weakens the workload: then it is undone at short intervals however often it comes back.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        self.drift.iter().any(|item| item.dangerous)
    }

    const fn of(change: Change) -> Self {
        Self { change, correction: None, news: false, drift: Vec::new(), findings: Vec::new(), conditional: false }
    }

    /// The verdict on a child that isn't there. It was deleted if the last status, for this very spec, lists it, or if it says so;
    /// else it was never made.
    fn absent(child: &Child, told: Told, observed: bool) -> Self {
        let drift = if told.listed || told.deleted { vec![drift::deleted_item(child)] } else { Vec::new() };
        let left = told.listed && observed;
        let change = if left { Change::Keep } else { Change::Create };
        Self { drift, news: !left, ..Self::of(change) }
    }
}

#[cfg(test)]
mod tests;
