//! Pods of the platform.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Pods by namespace and labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodSelection {
    /// Namespace of the pods.
    pub namespace: String,
    /// Labels of the pods; all of the namespace if empty.
    pub labels: BTreeMap<String, String>,
}
