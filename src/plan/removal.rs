//! Removing what others added: server-side apply can't, since it only ever drops what its own manager owned.

use serde_json::{Value, json};

use super::{compare::Difference, path::Path};
use crate::api::DriftChange;

/// A JSON patch (RFC 6902) that only removes, and only what was judged.
///
/// Values are not set this way: that would make a second owner of the field. Tests of the members' keys make sure that the
/// indices still point at them. (A test of the resourceVersion would too, but every status update by another controller
/// would make it fail, and a heal take three requests instead of one.)
pub(super) fn removal(live: &Value, paths: &[Path]) -> Value {
    let mut paths: Vec<&Path> = paths.iter().collect();
    // From the end of each list to its start, so that no removal moves what a later one points at.
    paths.sort_by_key(|path| path.indices());
    let same_object = test("/metadata/uid", live.pointer("/metadata/uid"));
    let keys = paths.iter().flat_map(|path| path.keys());
    let same_members = keys.map(|(pointer, value)| match pointer.rsplit_once('/') {
        // A member can lack its key (the API stores an entry without a name as `{}`): then all of it is tested.
        Some((member, _)) if value.is_null() => test(member, live.pointer(member)),
        _ => test(&pointer, Some(&value)),
    });
    let removals = paths.iter().rev().map(|path| json!({ "op": "remove", "path": path.pointer() }));
    std::iter::once(same_object).chain(same_members).chain(removals).collect()
}

fn test(pointer: &str, value: Option<&Value>) -> Value {
    json!({ "op": "test", "path": pointer, "value": value })
}

/// A JSON patch that sets whole lists, for where neither a removal nor an apply is valid alone: with the only port of a
/// Service renumbered, a removal leaves none, and an apply two of the same name. The apply that follows takes the
/// list over again. `None` where no list both lacks and gained members.
pub(super) fn replacement(desired: &Value, live: &Value, found: &[Difference]) -> Option<Value> {
    let members = |change| found.iter().filter(move |found| found.change == change && found.path.is_member());
    let mut replaced: Vec<String> = members(DriftChange::Removed)
        .map(|removed| removed.path.list())
        // Lists inside list members stand at other places in the declared object than in the live one: left to the apply.
        .filter(|list| list.indices().is_empty())
        .filter(|list| members(DriftChange::Added).any(|added| added.path.list() == *list))
        .map(|list| list.pointer())
        .collect();
    replaced.dedup();
    let lists: Vec<Value> = replaced
        .iter()
        .filter_map(|pointer| Some(json!({ "op": "replace", "path": pointer, "value": desired.pointer(pointer)? })))
        .collect();
    (!lists.is_empty()).then(|| std::iter::once(guard(live)).chain(lists).collect())
}

/// Makes the patch fail with 409 if the object has changed since it was judged.
fn guard(live: &Value) -> Value {
    let version = live.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
    json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version })
}
