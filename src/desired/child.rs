//! One object that should exist, complete.

use serde_json::{Value, json};

use super::{draft::Draft, hash::short_hash, json::insert, kind::Kind, labels::APPLIED_HASH, owner::owner_reference};
use crate::app::{AppId, PartName, labels};

/// One object that should exist.
#[derive(Clone, Debug)]
pub struct Child {
    /// Row of [`KINDS`](super::KINDS).
    pub kind: &'static Kind,
    /// Name of the object.
    pub name: String,
    /// The part it belongs to; `None` for an object of the app as a whole.
    pub part: Option<PartName>,
    /// The whole object, as it is applied.
    pub body: Value,
    /// Hash of the body, which the body also carries as annotation.
    pub hash: String,
    /// The bounds of `spec.replicas` where an autoscaler decides it; then the body doesn't have it.
    pub autoscaled: Option<(i32, i32)>,
}

impl Child {
    /// Adds type, metadata and hash to a draft.
    pub(super) fn complete(kind: &'static Kind, id: &AppId, draft: Draft) -> Self {
        let Draft { part, name, fields: mut body, autoscaled } = draft;
        insert(&mut body, "apiVersion", json!(kind.api_version()));
        insert(&mut body, "kind", json!(kind.name));
        let mut metadata =
            json!({ "name": name, "namespace": id.namespace, "labels": labels(id, part.as_ref(), &name) });
        // Without a UID (offline rendering) there is no owner to refer to.
        if !id.uid.is_empty() {
            insert(&mut metadata, "ownerReferences", json!([owner_reference(id)]));
        }
        insert(&mut body, "metadata", metadata.clone());
        let hash = short_hash(&body.to_string());
        insert(&mut metadata, "annotations", json!({ APPLIED_HASH: hash }));
        insert(&mut body, "metadata", metadata);
        Self { kind, name, part, body, hash, autoscaled }
    }

    /// The body with the number of pods to apply where an autoscaler decides it, given the live number.
    #[must_use]
    pub fn scaled(&self, live: Option<i64>) -> Value {
        let mut body = self.body.clone();
        if let (Some(replicas), Some(spec)) = (self.replicas(live), body.get_mut("spec")) {
            insert(spec, "replicas", json!(replicas));
        }
        body
    }

    /// The number of pods to apply if an autoscaler decides it: the live number within the bounds, so that switching
    /// the autoscaler on or off doesn't change it.
    #[must_use]
    pub fn replicas(&self, live: Option<i64>) -> Option<i64> {
        let (min, max) = self.autoscaled?;
        Some(live.unwrap_or(min.into()).clamp(min.into(), max.max(min).into()))
    }
}
