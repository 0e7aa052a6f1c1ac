//! The patch for when apply and removal are invalid: it sets everything that differs to the declared value at once.
//!
//! An apply keeps what other field managers added, and a removal keeps what they changed. If two fields exclude each
//! other, neither is valid alone: a probe with two handlers, a Service whose only port was renumbered, a volume with
//! two sources. The apply that follows takes every field from the others. The patch stays an owner beside it, see `Residue`.

use serde_json::{Map, Value, json};

use super::{
    compare::Difference,
    path::{Path, Segment},
};
use crate::api::DriftChange;

/// A JSON patch (RFC 6902) that reverts the differences, for the very version that was judged.
pub(super) fn correction(live: &Value, differences: &[&Difference]) -> Value {
    let mut corrected = live.clone();
    let of = |change| differences.iter().filter(move |difference| difference.change == change);
    for difference in of(DriftChange::Changed) {
        if let (Some(place), Some(desired)) = (corrected.pointer_mut(&difference.path.pointer()), &difference.desired) {
            place.clone_from(desired);
        }
    }
    for difference in of(DriftChange::Removed) {
        if let Some(desired) = &difference.desired {
            put(&mut corrected, &difference.path, desired);
        }
    }
    // From the end of each list to its start, so that no removal shifts the indices of later ones.
    let mut added: Vec<&Path> = of(DriftChange::Added).map(|difference| &difference.path).collect();
    added.sort_by_key(|path| path.indices());
    for path in added.into_iter().rev() {
        take(&mut corrected, path);
    }
    let version = live.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
    let guard = json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version });
    std::iter::once(guard).chain(sections(live, &corrected, "")).chain(metadata(live, &corrected)).collect()
}

fn put(object: &mut Value, path: &Path, value: &Value) {
    let Some(parent) = object.pointer_mut(&path.parent().pointer()) else { return };
    match (parent, path.segments().last()) {
        (Value::Object(fields), Some(Segment::Field(name))) => {
            fields.insert(name.clone(), value.clone());
        }
        (Value::Array(list), Some(Segment::Member { .. })) => list.push(value.clone()),
        (Value::Array(list), Some(Segment::Index(index))) => list.insert((*index).min(list.len()), value.clone()),
        _ => {}
    }
}

fn take(object: &mut Value, path: &Path) {
    let Some(parent) = object.pointer_mut(&path.parent().pointer()) else { return };
    match (parent, path.segments().last()) {
        (Value::Object(fields), Some(Segment::Field(name))) => {
            fields.remove(name);
        }
        (Value::Array(list), Some(Segment::Member { index, .. } | Segment::Index(index))) if *index < list.len() => {
            list.remove(*index);
        }
        _ => {}
    }
}

/// Operations that turn the top-level fields of one object into those of another; metadata and status are left out.
fn sections(live: &Value, corrected: &Value, at: &str) -> Vec<Value> {
    let empty = Map::new();
    let (before, after) = (live.as_object().unwrap_or(&empty), corrected.as_object().unwrap_or(&empty));
    let judged = |name: &&String| !["metadata", "status"].contains(&name.as_str());
    let gone = before.keys().filter(judged).filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| json!({ "op": "remove", "path": format!("{at}/{name}") }));
    let set = after.iter().filter(|(name, value)| judged(name) && before.get(*name) != Some(value));
    // "add" sets a field whether or not it is there.
    let set = set.map(|(name, value)| json!({ "op": "add", "path": format!("{at}/{name}"), "value": value }));
    gone.chain(set).collect()
}

/// The same for the two maps of the metadata that are judged.
fn metadata(live: &Value, corrected: &Value) -> Vec<Value> {
    let maps = |object: &Value| {
        let metadata = object.get("metadata");
        let map = |name: &str| metadata.and_then(|metadata| metadata.get(name)).cloned();
        let maps = ["labels", "annotations", "ownerReferences"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), map(name)?)));
        Value::Object(maps.collect())
    };
    sections(&maps(live), &maps(corrected), "/metadata")
}
