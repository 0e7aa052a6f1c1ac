//! What the rest of the operator needs to know of a child kind: one row each.

use kube::core::ApiResource;
use serde_json::Value;

use crate::app::{App, Component};

/// A row of the table of child kinds.
#[derive(Debug)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Resource name in URLs and roles.
    pub plural: &'static str,
    /// When it is applied.
    pub stage: Stage,
    /// The object without its metadata; `None` where the component needs none.
    pub build: fn(&App, &Component) -> Option<Value>,
    /// How live objects of this kind are compared with it.
    pub rules: Rules,
}

/// When objects are applied; within a stage in parallel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Binds pods: must be in place before them, and outlives them.
    Guard,
    /// Makes or serves pods.
    Workload,
}

/// How live objects are compared with what is declared. Paths are written with a space between segments (keys hold dots and
/// slashes), `[]` for any member of a list (at the end: a whole member, not what is below it), and a trailing `*` for any ending.
#[derive(Debug)]
pub struct Rules {
    /// Lists whose members have a key, as in server-side apply; all others are compared by position.
    pub keyed: &'static [(&'static str, &'static [&'static str])],
    /// What weakens the workload, added or changed. Such additions are undone, whoever made them.
    pub dangerous: &'static [&'static str],
    /// Additions that are none of our business. Beats `dangerous`.
    pub tolerated: &'static [&'static str],
    /// Nothing below the metadata is ever confidential: the status may show whatever is found there.
    pub public: bool,
    /// Deviations are undone in the mode Observe, too.
    pub always_enforced: bool,
}

/// Additions tolerated on every kind: what the server itself keeps, and notes by others that change nothing.
pub const TOLERATED_EVERYWHERE: &[&str] = &[
    "metadata finalizers",
    "metadata creationTimestamp",
    "metadata deletionTimestamp",
    "metadata deletionGracePeriodSeconds",
    "metadata generation",
    "metadata managedFields",
    "metadata ownerReferences",
    "metadata resourceVersion",
    "metadata selfLink",
    "metadata uid",
    "status",
];

impl Kind {
    /// The kind as an API client addresses it.
    #[must_use]
    pub fn resource(&self) -> ApiResource {
        ApiResource {
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            api_version: self.api_version(),
            kind: self.kind.to_owned(),
            plural: self.plural.to_owned(),
        }
    }

    /// `apiVersion` of the object.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}
