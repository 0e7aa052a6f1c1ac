//! What the rest of the operator needs to know about a kind of child. Each kind has one row.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use kube::core::ApiResource;
use serde_json::Value;

use super::{draft::Draft, progress::Progress};
use crate::release::Target;

/// A row of the table of child kinds. Its identity is group and name.
#[derive(Debug)]
pub struct Kind {
    /// Kind.
    pub name: &'static str,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Resource name in URLs and roles.
    pub plural: &'static str,
    /// Whether every API server has it.
    pub presence: Presence,
    /// Which of its objects are watched.
    pub sight: Sight,
    /// When its objects are applied.
    pub stage: Stage,
    /// What is done about its objects.
    pub care: Care,
    /// All objects of this kind that should exist.
    pub build: fn(&Target) -> Vec<Draft>,
    /// Reads the progress of a live object; `None` for kinds that are complete once they are applied.
    pub progress: Option<fn(&Value) -> Progress>,
    /// How live objects of this kind are compared with what is declared.
    pub rules: Rules,
}

/// Whether every API server has a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is Kubernetes' own.
    Always,
    /// Its CustomResourceDefinition may be missing, and come and go. What needs it waits.
    Optional,
}

/// Which objects of a kind are watched. A second watch of a kind would double the API server's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Those with the operator's label.
    Labelled,
    /// All of the cluster: others' objects of this kind matter to apps, too.
    AllInCluster,
}

/// When objects are applied; within a stage in parallel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Restricts pods: is created before them and deleted after them.
    Guard,
    /// Creates pods, or refers to them.
    Workload,
    /// Leads to pods from outside the cluster: is created after them and deleted before them.
    Entry,
}

/// What is done about the objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// They are applied, and kept as declared.
    Apply,
    /// They are the record of what was declared: each is written when something is released, and isn't compared.
    Record,
}

/// How live objects are compared with what is declared. Paths have a space between segments (keys contain dots and
/// slashes), `[]` for any member of a list (at the end: a whole member, not what is below it), and `*` in a
/// segment for any text.
#[derive(Debug)]
pub struct Rules {
    /// Lists whose members have a key, as in server-side apply; all others are compared by position.
    pub keyed: &'static [(&'static str, &'static [&'static str])],
    /// Those whose order has a meaning besides: a variable refers only to those before it.
    pub ordered: &'static [&'static str],
    /// Lists without keys whose order has no meaning. Other clients and the API server may change it: it converts the metrics of an
    /// autoscaler between versions.
    pub unordered: &'static [&'static str],
    /// Paths that weaken the workload if added or changed. Such additions are reverted, whether a field manager claims
    /// them or not.
    pub dangerous: &'static [&'static str],
    /// Additions that command another controller, such as annotations of a Service. They are reverted, whoever made them, unless
    /// `tolerated` or the policy's `toleratedPaths` lists them.
    pub commanding: &'static [&'static str],
    /// Additions that change nothing for the app. Takes precedence over `dangerous`.
    pub tolerated: &'static [&'static str],
    /// Additions that can't weaken, grant, command or reach anything, each with its reason. They are reverted if another field
    /// manager claims them, and reported as a finding if none does, like additions that no list has. The list only records
    /// that the field was judged: a test fails on a field of the API server's schema without a class.
    pub harmless: &'static [&'static str],
    /// Fields that the API server doesn't store if they are `false`. All other booleans are pointers in its types: it
    /// stores their `false`, and applies the default if they are missing.
    pub omitted_if_false: &'static [&'static str],
    /// Fields that the API server never changes. Where one differs, no apply could restore the object and everything else in it would
    /// stay as it is, so it is deleted and created again. A value here counts where the field isn't declared.
    pub immutable: &'static [(&'static str, Option<&'static str>)],
    /// Fields that a controller increments, besides those of [`VOLATILE_EVERYWHERE`]. A change of them alone needs no
    /// comparison.
    pub volatile: &'static [&'static [&'static str]],
    /// No field outside `metadata` is ever confidential, so the status may show its value.
    pub public: bool,
    /// Deviations are reverted in the mode Observe, too.
    pub always_enforced: bool,
}

/// Dangerous on every kind: a second owner keeps an object alive after its app, without the app's NetworkPolicy.
pub const DANGEROUS_EVERYWHERE: &[&str] = &["metadata ownerReferences []"];

/// Additions tolerated on every kind: fields that the API server maintains, and fields that change nothing for the app.
pub const TOLERATED_EVERYWHERE: &[&str] = &[
    "metadata finalizers",
    "metadata creationTimestamp",
    "metadata deletionTimestamp",
    "metadata deletionGracePeriodSeconds",
    "metadata generation",
    "metadata managedFields",
    "metadata resourceVersion",
    "metadata selfLink",
    "metadata uid",
    "status",
];

/// Harmless on every kind. A `generateName` has a meaning at the creation only, and `blockOwnerDeletion` lets a foreground
/// deletion of the app wait for the object.
pub const HARMLESS_EVERYWHERE: &[&str] = &["metadata generateName", "metadata ownerReferences [] blockOwnerDeletion"];

/// Fields that aren't compared: a change of them alone needs no comparison.
pub const VOLATILE_EVERYWHERE: &[&[&str]] =
    &[&["status"], &["metadata", "managedFields"], &["metadata", "resourceVersion"], &["metadata", "generation"]];

impl Kind {
    /// The kind as an API client addresses it.
    #[must_use]
    pub fn resource(&self) -> ApiResource {
        ApiResource {
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            api_version: self.api_version(),
            kind: self.name.to_owned(),
            plural: self.plural.to_owned(),
        }
    }

    /// `apiVersion` of the object.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether its objects create pods that stay, and replace them when they change.
    #[must_use]
    pub fn rolls_out(&self) -> bool {
        self.group == "apps" && self.care == Care::Apply
    }

    /// Name of the CustomResourceDefinition, where it has one.
    #[must_use]
    pub fn definition(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    const fn id(&self) -> (&'static str, &'static str) {
        (self.group, self.name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Kind {}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id().cmp(&other.id())
    }
}
