//! The verdict on an object with more differences than are handled one by one: together they are one deviation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    change::{Change, Request, Verdict},
    compare::Difference,
    drift::uncompared_item,
    oversized::replacement,
    ownership::{Claim, claims},
    path::Path,
};
use crate::{
    api::{DriftChange, DriftItem},
    desired::Child,
    plan::oversized::Oversized,
};

/// The verdict, made of that on the differences. Where drift is only observed, a new spec is applied nevertheless.
pub(super) fn as_one(
    child: &Child,
    live: &Value,
    differences: &[&Difference],
    verdict: Verdict,
    observed: bool,
) -> Verdict {
    let replacement = || replacement(child, &Oversized::of(live));
    let (change, correction) = match verdict.change {
        Change::Keep if observed => (Change::Keep, None),
        Change::Send(Request::Replace) => (verdict.change, None),
        Change::Send(_) if observed => (verdict.change, Some(replacement())),
        _ => (Change::Send(Request::Correct(replacement())), None),
    };
    let drift = vec![item(child, live, differences)];
    Verdict { is_update: verdict.is_update, correction, drift, ..Verdict::new(change) }
}

/// The status entry: the section of the object with most of the differences, and the manager who claims one of them.
fn item(child: &Child, live: &Value, differences: &[&Difference]) -> DriftItem {
    let mut sections: BTreeMap<String, (Path, Vec<&Difference>)> = BTreeMap::new();
    for difference in differences {
        let section = difference.path.section();
        sections.entry(section.to_string()).or_insert_with(|| (section, Vec::new())).1.push(difference);
    }
    let (path, (section, differences)) =
        sections.into_iter().max_by_key(|(_, (_, differences))| differences.len()).unwrap_or_default();
    let length = live.pointer(&section.pointer()).map_or(0, |value| value.to_string().len());
    let claims = differences.iter().filter_map(|difference| claims(live, &difference.path).into_iter().next());
    let claim = claims.max_by_key(|claim: &Claim| (claim.is_foreign(), claim.time));
    let by: Option<(String, Option<Timestamp>)> = claim.map(|claim| (claim.manager, claim.time));
    let replaced = differences.iter().any(|difference| difference.change == DriftChange::Replaced);
    let change = if replaced { DriftChange::Replaced } else { DriftChange::Changed };
    DriftItem { change, ..uncompared_item(child, &path, length, by) }
}
