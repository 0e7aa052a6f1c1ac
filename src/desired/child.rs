//! One object that should exist, complete.

use serde_json::{Value, json};

use super::{draft::Draft, json::insert, kind::Kind, labels::APPLIED_HASH, owner::owner_reference};
use crate::app::{AppId, PartName, labels, short_hash};

/// What an object has that is applied as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveValues {
    /// `spec.replicas`.
    pub replicas: Option<i64>,
    /// `spec.suspend`.
    pub suspended: bool,
}

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
    /// Whether it is created suspended. Whether it still is isn't declared: the body doesn't have it.
    pub suspended: bool,
}

impl Child {
    /// Adds type, metadata and hash to a draft.
    pub(super) fn complete(kind: &'static Kind, id: &AppId, draft: Draft) -> Self {
        let Draft { part, name, fields: mut body, annotations, autoscaled, suspended } = draft;
        insert(&mut body, "apiVersion", json!(kind.api_version()));
        insert(&mut body, "kind", json!(kind.name));
        let mut metadata =
            json!({ "name": name, "namespace": id.namespace, "labels": labels(id, part.as_ref(), &name) });
        // Without a UID (offline rendering) there is no owner to refer to.
        if !id.uid.is_empty() {
            insert(&mut metadata, "ownerReferences", json!([owner_reference(id)]));
        }
        if !annotations.is_empty() {
            insert(&mut metadata, "annotations", json!(annotations));
        }
        insert(&mut body, "metadata", metadata.clone());
        let hash = short_hash(&body.to_string());
        let mut annotations = json!(annotations);
        insert(&mut annotations, APPLIED_HASH, json!(hash));
        insert(&mut metadata, "annotations", annotations);
        insert(&mut body, "metadata", metadata);
        Self { kind, name, part, body, hash, autoscaled, suspended }
    }

    /// The body with what isn't declared but must be applied: the number of pods where an autoscaler decides it, and whether the object
    /// is suspended, given what it has.
    #[must_use]
    pub fn applied(&self, live: Option<&LiveValues>) -> Value {
        let mut body = self.body.clone();
        let Some(spec) = body.get_mut("spec") else { return body };
        if let Some(replicas) = self.replicas(live.and_then(|live| live.replicas)) {
            insert(spec, "replicas", json!(replicas));
        }
        if self.suspended {
            insert(spec, "suspend", json!(live.is_none_or(|live| live.suspended)));
        }
        body
    }

    /// Whether something of it is applied as the object has it.
    #[must_use]
    pub const fn depends_on_live(&self) -> bool {
        self.autoscaled.is_some() || self.suspended
    }

    /// The number of pods to apply if an autoscaler decides it: the live number within the bounds, so that switching
    /// the autoscaler on or off doesn't change it.
    #[must_use]
    pub fn replicas(&self, live: Option<i64>) -> Option<i64> {
        let (min, max) = self.autoscaled?;
        Some(live.unwrap_or(min.into()).clamp(min.into(), max.max(min).into()))
    }
}
