//! The identity of an app and of its parts, and the names that follow from them.

use serde::{Deserialize, Serialize};

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// What the names of policies of database pods end with. The name of a part contains no dot.
const OF_DATABASE_PODS: &str = ".pods";

/// The identity of a `HardenedApp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppId {
    /// Namespace of the app and of all its children.
    pub namespace: String,
    /// Name of the app.
    pub name: String,
    /// Distinguishes the app from an earlier one of the same name.
    pub uid: String,
}

impl AppId {
    /// The identity in an object's metadata.
    #[must_use]
    pub fn of(metadata: &ObjectMeta) -> Self {
        Self {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
        }
    }

    /// Name of a part's children.
    #[must_use]
    pub fn child_name(&self, part: &PartName) -> String {
        format!("{}-{part}", self.name)
    }

    /// Name of the policy of a database of pods that others run. No child of a part has it: such a policy selects other pods than that
    /// of a part of the same name, and both exist for a while where one replaces the other.
    #[must_use]
    pub fn database_policy(&self, database: &PartName) -> String {
        format!("{}{OF_DATABASE_PODS}", self.child_name(database))
    }

    /// Whether an app's policy of this name is one of those.
    #[must_use]
    pub fn is_database_policy_of(app: &str, name: &str) -> bool {
        name.strip_suffix(OF_DATABASE_PODS)
            .and_then(|rest| rest.strip_prefix(app))
            .is_some_and(|rest| rest.starts_with('-'))
    }

    /// Name of the policy by which a controller verifies the certificates of a component's port.
    #[must_use]
    pub fn backend_policy(&self, component: &PartName, port: &str) -> String {
        format!("{}.{port}", self.child_name(component))
    }

    /// Value of the label that selects a part's pods.
    #[must_use]
    pub fn workload_label(&self, part: &PartName) -> String {
        workload_label(&self.name, part.as_str())
    }
}

/// The name of a part within its app.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartName(String);

impl PartName {
    /// A name as the spec gives it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Value of the label that selects the pods of an app's part. A name contains no dot, so the labels of two apps can't
/// collide.
pub(super) fn workload_label(app: &str, part: &str) -> String {
    format!("{app}.{part}")
}
