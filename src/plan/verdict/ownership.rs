//! Who claims a field, read from `metadata.managedFields`.

use jiff::Timestamp;
use serde_json::Value;

use super::path::{Path, Segment};
use crate::{api::MANAGER, plan::field_manager::is_own};

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

    /// Whether another client made this claim. What a webhook adds to a request of the operator is recorded under the operator's
    /// name.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        !is_own(&self.manager)
    }
}

/// The manager of a claim that several managers may have made.
const UNKNOWN: &str = "unknown";

/// All claims to the value at `path`, foreign ones first, the newest first.
#[must_use]
pub fn claims(live: &Value, path: &Path) -> Vec<Claim> {
    let holds = |entry: &&Value| entry.get("fieldsV1").is_some_and(|fields| covers(fields, path.segments()));
    let mut claims: Vec<Claim> = entries(live).filter(holds).map(claim).collect();
    if !claims.iter().any(Claim::is_foreign) {
        let since = claims.iter().filter_map(|claim| claim.time).max();
        claims.extend(claim_of_another_version(live, path).filter(|claim| claim.time >= since));
    }
    claims.sort_by_key(|claim| (claim.is_foreign(), claim.time));
    claims.reverse();
    claims
}

/// The entries of `managedFields`.
pub(super) fn entries(live: &Value) -> impl Iterator<Item = &Value> {
    live.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

/// What an entry says of its manager.
pub(super) fn claim(entry: &Value) -> Claim {
    Claim {
        manager: text(entry, "manager").to_owned(),
        time: text(entry, "time").parse().ok(),
        applied: text(entry, "operation") == "Apply",
    }
}

/// The claim of a manager that uses another version of the API, in which the value has another path: the metrics of an autoscaler are
/// `targetCPUUtilizationPercentage` in autoscaling/v1. The API server removes the claims of others when the value changes, and leaves
/// none that this version has a path for. So where an entry names a field that this version doesn't have, that may be the value.
/// What was removed has no claim in any version.
fn claim_of_another_version(live: &Value, path: &Path) -> Option<Claim> {
    if path.is_in_metadata() || path.is_order() || live.pointer(&path.pointer()).is_none() {
        return None;
    }
    let read = text(live, "apiVersion");
    let is_other = |entry: &&Value| !["", read].contains(&text(entry, "apiVersion"));
    let is_opaque = |entry: &&Value| entry.get("fieldsV1").is_some_and(|fields| names_unknown(fields, live));
    let others = entries(live).filter(is_other).filter(is_opaque).map(claim).filter(Claim::is_foreign);
    others.reduce(|one, other| {
        let time = one.time.max(other.time);
        if one.manager == other.manager {
            return Claim { time, ..one };
        }
        Claim { manager: UNKNOWN.to_owned(), time, applied: false }
    })
}

/// Whether a fieldsV1 set names a field that the object doesn't have.
fn names_unknown(fields: &Value, live: &Value) -> bool {
    let fields = fields.as_object().into_iter().flatten();
    // Others than clients write the status.
    let fields = fields.filter(|(name, _)| *name != "f:status");
    let mut fields = fields.filter_map(|(name, below)| Some((name.strip_prefix("f:")?, below)));
    fields.any(|(name, below)| match live.get(name) {
        Some(live) => live.is_object() && names_unknown(below, live),
        None => true,
    })
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
