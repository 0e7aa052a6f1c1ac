//! Removal of what other field managers added: server-side apply can't do it, since it removes only what its own
//! manager owned.

use serde_json::{Value, json};

use super::path::Path;

/// A JSON patch (RFC 6902) that only removes, and only what was judged.
///
/// Values aren't set this way: that would add a second owner of the field. Tests of the members' keys make sure that
/// the indices still point at them. (A test of the resourceVersion would too, but every status update by another
/// controller would make it fail, and a heal take three requests instead of one.)
pub(super) fn removal(live: &Value, paths: &[Path]) -> Value {
    let mut paths: Vec<&Path> = paths.iter().collect();
    // From the end of each list to its start, so that no removal shifts the indices of later ones.
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
