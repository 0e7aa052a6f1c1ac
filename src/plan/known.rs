//! What is known of a child in the cluster before a decision about it.

use serde_json::Value;

use super::{controller::Controller, last_report::LastReport, oversized::Oversized};
use crate::{
    app::Enforcement,
    desired::{Child, LiveValues},
};

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
    /// What this reconciliation has written of the object.
    pub written: Written,
    /// This reconciliation has read the object.
    pub read: bool,
    /// This reconciliation has reverted drift of it: however many requests that takes, it counts once.
    pub reverted: bool,
}

impl Known<'_> {
    /// Whether the child existed for this very spec before: the last status lists it, or this reconciliation has written it.
    #[must_use]
    pub fn lists(&self, child: &Child) -> bool {
        self.written != Written::Nothing || self.last_report.lists(child)
    }

    /// Adds that a request was answered: the object was found as it is, or else written.
    pub fn add(&mut self, found: bool, is_update: bool) {
        if found {
            self.read = true;
        } else {
            self.written = self.written.max(if is_update { Written::NewVersion } else { Written::Heal });
        }
    }

    /// Whether deviations of the child are only reported.
    #[must_use]
    pub fn observes(&self, child: &Child) -> bool {
        self.enforcement.only_observes(child.kind.rules.always_enforced)
    }
}

/// What a reconciliation has written of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// Nothing yet.
    Nothing,
    /// Something that makes it as declared.
    Heal,
    /// A newer version of the child than the one it was.
    NewVersion,
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
        /// What is applied as it has it.
        values: LiveValues,
    },
    /// It has another owner, or none.
    Foreign {
        /// Who controls it.
        holder: String,
        /// The hash of the child as which the operator created it, where it has no owner any more.
        disowned: Option<String>,
    },
    /// It must be compared, but its text isn't kept: it is read first.
    Unread {
        /// Its UID.
        uid: String,
        /// As for [`Self::Object`].
        verified: bool,
    },
    /// It is too large to be compared: it counts as different in every field.
    Oversized(Box<Oversized>),
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

    /// What a read has returned, with what was known of the object before.
    #[must_use]
    pub fn read_after(self, unread: &Self) -> Self {
        match (self, unread) {
            (Self::Object { uid, object, .. }, Self::Unread { uid: known, verified }) if uid == *known => {
                Self::Object { uid, object, verified: *verified }
            }
            (live, _) => live,
        }
    }

    /// The UID, where the object exists and is known well enough to have one.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Outdated { uid, .. } | Self::Object { uid, .. } | Self::Unread { uid, .. } => Some(uid),
            Self::Oversized(found) => Some(&found.uid),
            Self::Absent | Self::Verified { .. } | Self::Foreign { .. } => None,
        }
    }

    /// What is applied as the object has it, and the version that has it.
    #[must_use]
    pub fn values(&self) -> (LiveValues, Option<String>) {
        match self {
            Self::Object { object, .. } => {
                let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
                let replicas = object.pointer("/spec/replicas").and_then(Value::as_i64);
                let suspended = object.pointer("/spec/suspend") == Some(&Value::Bool(true));
                (LiveValues { replicas, suspended }, version.map(str::to_owned))
            }
            Self::Outdated { version, values, .. } => (*values, Some(version.to_string())),
            Self::Oversized(found) => {
                // A Job that isn't read must not start by that.
                (LiveValues { replicas: found.replicas, suspended: true }, Some(found.version.to_string()))
            }
            Self::Absent | Self::Verified { .. } | Self::Foreign { .. } | Self::Unread { .. } => {
                (LiveValues::default(), None)
            }
        }
    }

    /// The version that is known, with its UID.
    #[must_use]
    pub fn identity(&self) -> (Option<&str>, Option<u64>) {
        let version = match self {
            Self::Object { object, .. } => {
                let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
                version.and_then(|version| version.parse().ok())
            }
            Self::Oversized(found) => Some(found.version),
            _ => None,
        };
        (self.uid(), version)
    }

    /// Whether `found` is the very version that was compared, or the one object known only by its UID.
    #[must_use]
    pub fn is_version_of(&self, found: &Self) -> bool {
        let ((uid, version), (found_uid, found_version)) = (self.identity(), found.identity());
        uid.is_some() && uid == found_uid && (version.is_none() || version == found_version)
    }

    /// The owner that an object names as its controller, as far as it was read.
    #[must_use]
    pub fn controller(&self) -> Option<Controller> {
        match self {
            Self::Object { object, .. } => Controller::of(object),
            Self::Oversized(found) => found.controller.clone(),
            _ => None,
        }
    }
}
