//! Who claims a field, read from `metadata.managedFields`.

use jiff::Timestamp;
use serde_json::Value;

use super::path::{Path, Segment};
use crate::api::MANAGER;

/// A field manager's claim to a value. Clients choose the name themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the manager.
    pub manager: String,
    /// When it last wrote the object.
    pub time: Option<Timestamp>,
    /// Whether it wrote by server-side apply.
    pub applied: bool,
}

impl Claim {
    /// Whether the operator's own apply made this claim.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.applied && self.manager == MANAGER
    }

    /// Whether the manager's name isn't the operator's. What a webhook adds to a request of the operator is recorded
    /// under the operator's name.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.manager != MANAGER
    }
}

/// All claims to the value at `path`, foreign ones first, the newest first.
#[must_use]
pub fn claims(live: &Value, path: &Path) -> Vec<Claim> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut claims: Vec<Claim> = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("fieldsV1").is_some_and(|fields| covers(fields, path.segments())))
        .map(|entry| Claim {
            manager: text(entry, "manager").to_owned(),
            time: text(entry, "time").parse().ok(),
            applied: text(entry, "operation") == "Apply",
        })
        .collect();
    claims.sort_by_key(|claim| (claim.is_foreign(), claim.time));
    claims.reverse();
    claims
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a fieldsV1 set holds the path. A node without children stands for everything below it: a leaf or an atomic
/// list.
fn covers(fields: &Value, path: &[Segment]) -> bool {
    let Some((segment, rest)) = path.split_first() else { return true };
    let Some(children) = fields.as_object() else { return false };
    if children.is_empty() {
        return true;
    }
    match segment {
        Segment::Field(name) => children.get(&format!("f:{name}")).is_some_and(|child| covers(child, rest)),
        Segment::Member { key, .. } => children
            .iter()
            .any(|(name, child)| name.strip_prefix("k:").is_some_and(|text| is_key(text, key)) && covers(child, rest)),
        // Members of atomic lists have no entries of their own, so the set ends above them.
        Segment::Index(_) | Segment::Order => false,
    }
}

fn is_key(text: &str, key: &[(&'static str, Value)]) -> bool {
    // Most members don't match: they are ruled out without parsing each as JSON, since an attacker could add thousands.
    if key.iter().any(|(_, value)| value.as_str().is_some_and(|value| !text.contains(value))) {
        return false;
    }
    serde_json::from_str::<Value>(text)
        .is_ok_and(|found| key.iter().all(|(name, value)| found.get(name) == Some(value)))
}
