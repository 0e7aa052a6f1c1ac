//! Tests of reading and judging NetworkPolicies.

mod evaluate;
mod openings;
mod pod_labels;
mod read;
mod service;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Policy;

/// A policy of the namespace `demo` with this spec.
fn policy(name: &str, spec: &Value) -> Policy {
    Policy::read(&json!({ "metadata": { "name": name, "namespace": "demo" }, "spec": spec })).unwrap()
}

/// Labels, such as `app=web tier=front`.
fn labels(text: &str) -> BTreeMap<String, String> {
    text.split_whitespace().map(|label| label.split_once('=').unwrap()).map(|(k, v)| (k.into(), v.into())).collect()
}
