//! Labels and annotations of children and pods.

use serde_json::{Value, json};

use super::json::insert;
use crate::{
    api::MANAGER,
    app::{AppId, PartName},
};

/// Label with the name of the operator, which watches children and pods by it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label with the name of the app.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Label that distinguishes the pods of one part from all others; the only one that selectors use.
pub const WORKLOAD: &str = "hardened.dev/workload";
/// Annotation with the hash of what was applied.
pub const APPLIED_HASH: &str = "hardened.dev/applied-hash";

/// Labels of a child. They contain no version and no owner, because these would change objects without any effect.
pub(super) fn labels(id: &AppId, part: Option<&PartName>, name: &str) -> Value {
    let mut labels = json!({
        "app.kubernetes.io/name": id.name,
        // Polaris `metadataAndInstanceMismatched`: the instance is the object's own name.
        "app.kubernetes.io/instance": name,
        PART_OF: id.name,
        MANAGED_BY: MANAGER,
    });
    if let Some(part) = part {
        insert(&mut labels, "app.kubernetes.io/component", json!(part.as_str()));
    }
    labels
}

/// Labels of a part's pods: those of the object that creates them, and the one that selectors use.
pub(super) fn pod_labels(id: &AppId, part: &PartName) -> Value {
    let mut labels = labels(id, Some(part), &id.child_name(part));
    insert(&mut labels, WORKLOAD, json!(id.workload_label(part)));
    labels
}

/// The label selector for a part's pods.
pub(super) fn selector(workload_label: &str) -> Value {
    json!({ "matchLabels": { WORKLOAD: workload_label } })
}
