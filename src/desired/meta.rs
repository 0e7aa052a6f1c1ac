//! Names, labels and owner of every child.

use std::fmt::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Kind;
use crate::{
    api::{HardenedApp, MANAGER},
    app::{App, Component},
};

/// Label that says who keeps the object; children and pods are watched by it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label with the name of the app.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Label that tells the pods of one component from all others; the only one that selectors use.
pub const WORKLOAD: &str = "hardened.dev/workload";
/// Annotation with the hash of what was applied.
pub const APPLIED_HASH: &str = "hardened.dev/applied-hash";

/// Labels of every child. No version and no owner: they would change objects for no effect.
pub(super) fn labels(app: &App, component: &Component) -> Value {
    json!({
        "app.kubernetes.io/name": app.owner.name,
        // Polaris `metadataAndInstanceMismatched`: the instance is the object's own name.
        "app.kubernetes.io/instance": component.child,
        "app.kubernetes.io/component": component.name,
        PART_OF: app.owner.name,
        MANAGED_BY: MANAGER,
    })
}

/// Labels of the pods: those of the child, and the one that selectors use.
pub(super) fn pod_labels(app: &App, component: &Component) -> Value {
    let mut labels = labels(app, component);
    insert(&mut labels, WORKLOAD, json!(component.workload));
    labels
}

/// The label selector for a component's pods.
pub(super) fn selector(workload: &str) -> Value {
    json!({ "matchLabels": { WORKLOAD: workload } })
}

/// Adds type, metadata and hash to what a builder made.
pub(super) fn complete(kind: &Kind, app: &App, component: &Component, mut body: Value) -> (Value, String) {
    insert(&mut body, "apiVersion", json!(kind.api_version()));
    insert(&mut body, "kind", json!(kind.kind));
    let mut metadata = json!({
        "name": component.child,
        "namespace": app.owner.namespace,
        "labels": labels(app, component),
    });
    // Without a uid (offline rendering) there is nobody to own it.
    if !app.owner.uid.is_empty() {
        insert(&mut metadata, "ownerReferences", json!([owner_reference(app)]));
    }
    insert(&mut body, "metadata", metadata.clone());
    let hash = short_hash(&body.to_string());
    insert(&mut metadata, "annotations", json!({ APPLIED_HASH: hash }));
    insert(&mut body, "metadata", metadata);
    (body, hash)
}

/// No `blockOwnerDeletion`: setting it needs the right to update finalizers of the owner where
/// `OwnerReferencesPermissionEnforcement` is on, as on OpenShift.
fn owner_reference(app: &App) -> Value {
    use kube::Resource;
    json!({
        "apiVersion": HardenedApp::api_version(&()),
        "kind": HardenedApp::kind(&()),
        "name": app.owner.name,
        "uid": app.owner.uid,
        "controller": true,
    })
}

/// The first 16 hex digits of the SHA-256 of a text.
#[must_use]
pub fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |mut hash, byte| {
        // Writing to a String can't fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

/// Sets a field of an object.
pub(super) fn insert(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}
