//! How far an object has come that takes time after it is applied.

use serde_json::Value;

use crate::api::quoted;

/// How far a Deployment has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// Pods wanted.
    pub desired: i32,
    /// Pods of the current template that are ready.
    pub ready: i32,
    /// Whether all pods are of the current template and ready, and no other is left.
    pub complete: bool,
    /// The Deployment gave up waiting (`ProgressDeadlineExceeded`).
    pub stuck: bool,
    /// Why pods can't be created, from the `ReplicaFailure` condition: quota, admission …
    pub failure: Option<String>,
}

impl Rollout {
    /// Reads a Deployment's status.
    #[must_use]
    pub fn read(deployment: &Value) -> Self {
        let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
        let count = |pointer: &str| i32::try_from(number(pointer)).unwrap_or(i32::MAX);
        let condition = |kind: &str, status: &str| {
            let conditions = deployment.pointer("/status/conditions").and_then(Value::as_array);
            conditions.into_iter().flatten().find(|condition| {
                condition.get("type") == Some(&Value::from(kind))
                    && condition.get("status") == Some(&Value::from(status))
            })
        };
        let text = |condition: &Value, field: &str| {
            condition.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        // Until the Deployment controller has seen this generation, its numbers speak of an older one.
        let seen = number("/status/observedGeneration") >= number("/metadata/generation");
        let desired = count("/spec/replicas");
        let updated = count("/status/updatedReplicas");
        let available = count("/status/availableReplicas");
        Self {
            desired,
            ready: if seen { available.min(updated) } else { 0 },
            complete: seen && updated == desired && available == desired && count("/status/replicas") == desired,
            stuck: seen
                && condition("Progressing", "False")
                    .is_some_and(|found| text(found, "reason") == "ProgressDeadlineExceeded"),
            failure: condition("ReplicaFailure", "True").filter(|_| seen).map(|found| quoted(&text(found, "message"))),
        }
    }
}
