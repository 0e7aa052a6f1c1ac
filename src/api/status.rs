//! The status: what the operator has done and found.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vocabulary::Check;

/// What the operator has done and found. Written for every outcome, only when it differs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct HardenedAppStatus {
    /// The generation of the spec that this status speaks of; -1 until the operator has seen the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The generation of the spec that was applied last, and that `children` is about: an older one while a newer spec is refused or
    /// the app is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<i64>,

    /// Conditions in the form of kstatus (`Ready`, `Reconciling`, `Stalled`) and of this API (`Accepted`, `Available`, `InSync`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,

    /// The rollout of each component, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentStatus>,

    /// The objects made for this app, and kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildRef>,

    /// What others changed or added.
    #[serde(default, skip_serializing_if = "DriftStatus::is_empty")]
    pub drift: DriftStatus,

    /// What is weaker than possible, though allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingItem>,
}

/// The rollout of one component.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentStatus {
    /// Name of the component.
    pub name: String,
    /// Image it is set to.
    pub image: String,
    /// Pods of this image that are ready.
    pub ready: i32,
    /// Pods wanted.
    pub desired: i32,
    /// Why they are not the same, in words; empty when they are.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// An object made for the app, in its namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChildRef {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
}

/// What others changed or added.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct DriftStatus {
    /// Deviations there are now: undoing them is contested or failed, or they are only observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<DriftItem>,
    /// The newest 20 deviations that were undone, newest first; of more, those that weaken the workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reverted: Vec<DriftItem>,
}

impl DriftStatus {
    /// Whether nothing was ever found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.reverted.is_empty()
    }
}

/// One deviation of a live object from what is declared.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct DriftItem {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// Path of the field; empty where the whole object is meant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What happened to it. `Added`: there, but not declared. `Changed`: declared, with another value. `Removed`: declared, but not
    /// there. `Deleted`: the whole object is gone.
    pub change: DriftChange,
    /// Whether it weakens the workload. Such deviations are listed first and longest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dangerous: bool,
    /// Declared value; a short hash where the value may be confidential, empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub desired: String,
    /// Value found; a short hash where the value may be confidential, empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub live: String,
    /// Field manager that claims the value. Claimed: a client chooses that name itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manager: String,
    /// When that manager last wrote, or when the deviation was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

impl DriftItem {
    /// Whether the other says the same of the same place of the same object.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.kind, &self.name, &self.path, self.change) == (&other.kind, &other.name, &other.path, other.change)
    }
}

/// What happened to a field or object.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftChange {
    /// There, but not declared.
    Added,
    /// Declared, with another value.
    Changed,
    /// Declared, but not there.
    Removed,
    /// The whole object was deleted.
    Deleted,
}

/// Something weaker than possible, though allowed.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingItem {
    /// Name of the check, such as `image-not-pinned`.
    pub check: String,
    /// Component it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub component: String,
    /// What was found and how to mend it.
    pub message: String,
}

impl FindingItem {
    /// A finding about a component; about the app as a whole where the name is empty.
    #[must_use]
    pub fn about(component: &str, check: Check, message: &str) -> Self {
        Self { check: check.as_str().to_owned(), component: component.to_owned(), message: message.to_owned() }
    }
}
