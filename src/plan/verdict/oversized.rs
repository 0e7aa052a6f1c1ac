//! The verdict on an object that is too large to be compared: it counts as different in every field.

use serde_json::{Value, json};

use super::{
    change::{Change, Request, Verdict},
    drift::uncompared_item,
};
use crate::{
    desired::{Child, LiveValues},
    plan::{
        controller::holder,
        known::Known,
        oversized::{LARGEST, MANAGED_FIELDS, Oversized},
    },
};

/// A field of the metadata that is longer than this is what makes the object too large; others that the operator doesn't declare
/// are left.
const BULKY: usize = LARGEST / 8;

/// The verdict on an object that is too large to be compared.
pub(super) fn of(child: &Child, found: &Oversized, known: &Known<'_>) -> Verdict {
    if let Some(holder) = holder(found.controller.as_ref(), known.uid) {
        return Verdict::new(Change::Conflict { holder });
    }
    let is_update = !known.lists(child);
    let left = known.observes(child) && !is_update;
    let change = if left { Change::Keep } else { Change::Send(Request::Correct(replacement(child, found))) };
    let (path, length) = found.largest();
    let drift = vec![uncompared_item(child, path, length, found.manager.clone())];
    Verdict { is_update, drift, ..Verdict::new(change) }
}

/// A JSON patch (RFC 6902) that replaces everything that is declared, for the very version that was read, and removes what isn't. No
/// difference is built, and of the live object nothing is needed.
pub(super) fn replacement(child: &Child, found: &Oversized) -> Value {
    let declared = child.applied(Some(&LiveValues { replicas: found.replicas, suspended: true }));
    let field = |path: &str| declared.pointer(&format!("/{}", path.replace('.', "/")));
    let mut patch =
        vec![json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": found.version.to_string() })];
    // "add" sets a field whether or not it is there.
    let mut set = |path: &str, value: Value| {
        patch.push(json!({ "op": "add", "path": format!("/{}", path.replace('.', "/")), "value": value }));
    };
    let around = declared.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let around = around.filter(|name| !["apiVersion", "kind", "metadata"].contains(name));
    for path in around.chain(["metadata.labels", "metadata.annotations", "metadata.ownerReferences"]) {
        if let Some(value) = field(path) {
            set(path, value.clone());
        }
    }
    let is_tolerated = |path: &str| child.kind.rules.tolerated.contains(&path);
    let undeclared = found.lengths.iter().filter(|(path, _)| field(path).is_none());
    for (path, length) in undeclared {
        match path.as_str() {
            "apiVersion" | "kind" | "status" => {}
            // Entries of fields that go are removed with them; what is large without them would stay.
            // "This value can be reset by setting managedFields to a list with a single empty entry":
            // https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields
            MANAGED_FIELDS if found.nested || *length > LARGEST / 2 => set(path, json!([{}])),
            MANAGED_FIELDS => {}
            _ if *length <= BULKY && (path.starts_with("metadata.") || is_tolerated(path)) => {}
            _ => set(path, Value::Null),
        }
    }
    patch.into()
}
