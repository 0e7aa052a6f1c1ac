//! The text of an object that the cache keeps, and a fingerprint of what can be compared.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use serde::Serialize;
use serde_json::Value;

use crate::desired::{Kind, VOLATILE_EVERYWHERE};

/// With keys that are random for each process: no user can prepare two objects of the same fingerprint.
static FINGERPRINTS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Changes only with what can be compared.
pub(super) fn fingerprint(kind: &Kind, object: &Value) -> u64 {
    let volatile = [VOLATILE_EVERYWHERE, kind.rules.volatile].concat();
    FINGERPRINTS.hash_one(json(&without(object, &volatile)))
}

/// An object without its status, as JSON text.
pub(super) fn without_status(object: &Value) -> String {
    json(&without(object, &[&["status"]]))
}

/// An object of which some fields are left out, without a copy of the others.
#[derive(Serialize)]
#[serde(untagged)]
enum Kept<'a> {
    Whole(&'a Value),
    Fields(BTreeMap<&'a str, Kept<'a>>),
}

fn without<'a>(value: &'a Value, paths: &[&[&str]]) -> Kept<'a> {
    let Some(fields) = value.as_object().filter(|_| !paths.is_empty()) else { return Kept::Whole(value) };
    let parts = fields.iter().filter_map(|(name, value)| {
        let below = paths.iter().filter_map(|path| path.strip_prefix(&[name.as_str()]));
        let below: Vec<&[&str]> = below.collect();
        // A path that ends here means this field, one that goes on something below it.
        (!below.contains(&[].as_slice())).then(|| (name.as_str(), without(value, &below)))
    });
    Kept::Fields(parts.collect())
}

fn json(part: &Kept<'_>) -> String {
    // Values can always be written: their keys are strings.
    serde_json::to_string(part).unwrap_or_default()
}
