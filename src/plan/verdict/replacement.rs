//! Differences in fields that the API server never changes: they can be reverted only by another object.

use serde_json::Value;

use super::{compare::Difference, path::Path};
use crate::{api::DriftChange, desired::Child};

/// The differences in fields that can't be changed. They take the place of what was found there before. What is tolerated there, such as
/// what the API server adds, is none.
pub(super) fn replacing(child: &Child, live: &Value, found: &mut Vec<Difference>) -> Vec<Difference> {
    let differs = |(pattern, wrong): &(&str, Option<&str>)| {
        let path = Path::of_fields(&pattern.split(' ').collect::<Vec<_>>());
        let desired = child.body.pointer(&path.pointer());
        let live = live.pointer(&path.pointer());
        let differs = match desired {
            Some(_) => found.iter().any(|difference| difference.path.is_within(pattern)),
            None => wrong.is_some() && live.and_then(Value::as_str) == *wrong,
        };
        differs.then(|| Difference {
            path,
            change: DriftChange::Replaced,
            desired: desired.cloned(),
            live: live.cloned(),
        })
    };
    let replacing: Vec<Difference> = child.kind.rules.immutable.iter().filter_map(differs).collect();
    if !replacing.is_empty() {
        let patterns = child.kind.rules.immutable;
        found.retain(|difference| !patterns.iter().any(|(pattern, _)| difference.path.is_within(pattern)));
    }
    replacing
}
