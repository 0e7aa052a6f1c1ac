//! The annotation of children, and the selector of pods.

use serde_json::{Value, json};

use crate::api::WORKLOAD;

/// Annotation with the hash of what was applied.
pub const APPLIED_HASH: &str = "hardened.dev/applied-hash";

/// The label selector for a part's pods.
pub(super) fn selector(workload_label: &str) -> Value {
    json!({ "matchLabels": { WORKLOAD: workload_label } })
}
