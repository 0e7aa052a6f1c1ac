//! Pods of the platform.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Pods by namespace and labels.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PodPeer {
    /// Namespace of the pods.
    #[schemars(length(min = 1, max = 63))]
    pub namespace: String,
    /// Labels of the pods; at least one, since none would mean all of them.
    #[schemars(extend("maxProperties" = 8, "additionalProperties" = { "type": "string", "maxLength": 63 }))]
    pub pod_labels: BTreeMap<String, String>,
}
