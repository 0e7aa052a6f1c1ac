//! The status: what the operator has done and found.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    release_status::{MigrationStatus, ReleaseStatus},
    vocabulary::Check,
};

/// What the operator has done and found. The operator writes it after every reconciliation in which it differs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct HardenedAppStatus {
    /// The generation of the spec that this status describes; -1 until the operator has processed the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The generation of the newest spec that was applied completely. While a newer one is refused, fails in part or waits, as in a
    /// pause, this is an older generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<i64>,

    /// The generation of the spec that `children` describes, where it isn't `appliedGeneration`: so far that spec was applied only in
    /// part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children_generation: Option<i64>,

    /// Conditions in the form of kstatus (`Ready`, `Reconciling`, `Stalled`) and of this API (`Accepted`, `SecretsValid`, `Migrated`,
    /// `Available`, `DatabasesIsolated`, `Exposed`, `InSync`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_string()]))]
    pub conditions: Vec<Condition>,

    /// The release that runs. A newer one may wait, for its secrets or its migration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseStatus>,

    /// The migration of the newest release that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<MigrationStatus>,

    /// The rollout of each component, and of each database that the operator runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ComponentStatus>,

    /// Whether only their clients may connect to the databases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<DatabaseStatus>,

    /// Whether each host of the spec leads to the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["host".to_string()]))]
    pub exposures: Vec<ExposureStatus>,

    /// Where the app is reachable from outside the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,

    /// The objects that the operator created for this app and keeps as declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildRef>,

    /// Changes that other clients made to the app's objects.
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
    /// Why pods are missing, or why an object of the component is not in place; empty if all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Only while its rollout has never been complete: the hash of its Deployment when the spec was last applied completely. With this
    /// hash it replaces nothing that is removed later, so nothing waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<String>,
}

/// Whether only its clients may connect to one database.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// Name of the database.
    pub name: String,
    /// Whether only its clients may connect, judged over all NetworkPolicies and Services of the namespace; not given for one outside
    /// the cluster, where this isn't decided, and while its pods aren't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolated: Option<bool>,
    /// Who may connect, by the spec: components of this app by their names, those of other apps as `app/component`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
    /// Its pods; not given for one outside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<i32>,
    /// Who else may connect and by which object, or what is wrong with its pods; empty if all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Whether a host leads to the app.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposureStatus {
    /// The host.
    pub host: String,
    /// Whether the controller has accepted it, as far as its objects say.
    pub exposed: bool,
    /// What it waits for, or why it isn't exposed; empty if all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// An object that the operator created for the app, in its namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChildRef {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
}

/// Changes that other clients made to the app's objects.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct DriftStatus {
    /// Current deviations: another client makes them again, reverting them failed, or the operator only reports them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<DriftItem>,
    /// The newest 20 deviations that were reverted, newest first. Of more than 20, those that weaken the workload stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reverted: Vec<DriftItem>,
}

impl DriftStatus {
    /// Whether no deviation was ever found.
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
    /// Path of the field; empty if the item is about the whole object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What happened to it. `Added`: present, but not declared. `Changed`: declared, with another value. `Removed`:
    /// declared, but not present. `Deleted`: the whole object was deleted. `Replaced`: changed or not present, where the API server
    /// allows no change, so the whole object is replaced.
    pub change: DriftChange,
    /// Whether it weakens the workload. Such deviations are listed first and dropped last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dangerous: bool,
    /// Declared value; a short hash where the value may be confidential, empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub desired: String,
    /// Value found; a short hash where the value may be confidential, empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub live: String,
    /// Field manager that claims the value. It is only a claim: a client chooses that name itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manager: String,
    /// When that manager last wrote, or when the operator first found the deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

impl DriftItem {
    /// Whether both are the same change of the same path of the same object.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.kind, &self.name, &self.path, self.change) == (&other.kind, &other.name, &other.path, other.change)
    }
}

/// What happened to a field or object.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftChange {
    /// Present, but not declared.
    Added,
    /// Declared, with another value.
    Changed,
    /// Declared, but not present.
    Removed,
    /// The whole object was deleted.
    Deleted,
    /// Changed, or declared and not present, where the API server allows no change: the whole object is replaced.
    Replaced,
}

/// Something weaker than possible, though allowed.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingItem {
    /// Name of the check, such as `image-not-pinned`.
    pub check: String,
    /// Component it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub component: String,
    /// What was found and how to fix it.
    pub message: String,
}

impl FindingItem {
    /// A finding about a component; about the app as a whole where the name is empty.
    #[must_use]
    pub fn about(component: &str, check: Check, message: &str) -> Self {
        Self { check: check.as_str().to_owned(), component: component.to_owned(), message: message.to_owned() }
    }
}
