//! What is known of a child in the cluster before a decision about it.

use serde_json::Value;

use super::last_report::LastReport;
use crate::{app::Enforcement, desired::Child};

/// What is known of a child, except for the process's memory of earlier attempts.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// UID of the app.
    pub uid: &'a str,
    /// How drift of the app's children is handled.
    pub enforcement: &'a Enforcement,
    /// What the last status reports about the children.
    pub last_report: LastReport<'a>,
    /// Whether the part's guards are in place. While they aren't, what exists is kept as declared, but nothing new is
    /// created.
    pub guards: Guards,
    /// The live object.
    pub live: Live,
    /// This reconciliation has written the object.
    pub written: bool,
    /// This reconciliation has reverted drift of it: however many requests that takes, it counts once.
    pub reverted: bool,
}

impl Known<'_> {
    /// Whether the child existed for this very spec before: the last status lists it, or this reconciliation has written it.
    #[must_use]
    pub fn lists(&self, child: &Child) -> bool {
        self.written || self.last_report.lists(child)
    }

    /// Whether deviations of the child are only reported.
    #[must_use]
    pub fn observes(&self, child: &Child) -> bool {
        self.enforcement.only_observes(child.kind.rules.always_enforced)
    }
}

/// The state of the guards that a child depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guards {
    /// All are in place, or the child is one itself.
    InPlace,
    /// At least one isn't.
    Missing,
}

/// A live object, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// No object of that name is in the cache.
    Absent,
    /// It was compared with this very child before, equal to it, and hasn't changed since.
    Verified {
        /// The additions that no field manager claimed then.
        unowned: Vec<String>,
    },
    /// It was equal to an earlier version of the child, and hasn't changed since.
    Outdated {
        /// Its UID.
        uid: String,
        /// Its version.
        version: u64,
        /// Its number of pods, if it has one.
        replicas: Option<i64>,
    },
    /// It was equal to a child of another app.
    Foreign {
        /// Which app.
        holder: String,
    },
    /// It must be compared.
    Object {
        /// Its UID.
        uid: String,
        /// All of it but its status.
        object: Value,
        /// This process has found it equal to this very child before, so every difference is drift.
        verified: bool,
    },
}

impl Live {
    /// An object as the API server returned it.
    #[must_use]
    pub fn answered(object: Value) -> Self {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::Object { uid, object, verified: false }
    }

    /// The UID, where the object exists and is known well enough to have one.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Outdated { uid, .. } | Self::Object { uid, .. } => Some(uid),
            Self::Absent | Self::Verified { .. } | Self::Foreign { .. } => None,
        }
    }

    /// The number of pods and the version that has it.
    #[must_use]
    pub fn scale(&self) -> (Option<i64>, Option<String>) {
        match self {
            Self::Object { object, .. } => {
                let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
                (object.pointer("/spec/replicas").and_then(Value::as_i64), version.map(str::to_owned))
            }
            Self::Outdated { version, replicas, .. } => (*replicas, Some(version.to_string())),
            Self::Absent | Self::Verified { .. } | Self::Foreign { .. } => (None, None),
        }
    }

    /// Whether `found` is the very version that was compared, or the one object known only by its UID.
    #[must_use]
    pub fn is_version_of(&self, found: &Value) -> bool {
        let same = |field: &str, known: &Value| known.pointer(field) == found.pointer(field);
        match self {
            Self::Object { object, .. } => same("/metadata/uid", object) && same("/metadata/resourceVersion", object),
            Self::Outdated { uid, .. } => found.pointer("/metadata/uid").and_then(Value::as_str) == Some(uid),
            Self::Absent | Self::Verified { .. } | Self::Foreign { .. } => false,
        }
    }
}
