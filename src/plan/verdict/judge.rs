//! The verdict on one live object: what must be done to it, and what other field managers have changed.

use serde_json::Value;

use super::{
    change::{Change, Request, Verdict},
    class::{Judgement, Sorted},
    compare::{Difference, MOST, differences},
    correction::correction,
    drift::disowned_item,
    many,
    ownership::{Claim, claims},
    part::claimed_by_others,
    path::Path,
    removal::removal,
    replacement::replacing,
};
use crate::{
    api::DriftChange,
    app::Enforcement,
    desired::{APPLIED_HASH, Child},
    plan::controller::{Controller, holder},
};

/// What is known of a live object besides itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Basis {
    /// This process has found the object equal to this very child before: then every difference is drift, whatever the
    /// object's annotations claim.
    pub verified: bool,
    /// The object existed for this very spec before: the last status lists it, or this reconciliation has written it.
    pub listed: bool,
    /// This reconciliation has applied a newer version of the child.
    pub updated: bool,
}

/// Compares a live object with the child it should be.
#[must_use]
pub fn judge(child: &Child, owner_uid: &str, live: &Value, basis: Basis, enforcement: &Enforcement) -> Verdict {
    if let Some(holder) = holder(Controller::of(live).as_ref(), owner_uid) {
        return foreign(child, holder, disowned(live));
    }
    let current = basis.verified || is_current(child, live);
    let judgement = Judgement { child, live, current, updated: basis.updated, tolerated: &enforcement.tolerated };
    let observed = enforcement.only_observes(child.kind.rules.always_enforced);
    let mut verdict = Verdict::new(Change::Keep);
    let mut found = differences(&child.body, live, &child.kind.rules);
    let many = found.len() > MOST;
    if let Some(replicas) = child.replicas(live.pointer("/spec/replicas").and_then(Value::as_i64)) {
        scaled(&mut found, live, replicas);
    }
    let replacing = replacing(child, live, &mut found);
    // Among the many differences that a new version makes, no change by another client may be missed.
    let others = if many && !current { claimed_by_others(child, live) } else { Vec::new() };
    let Sorted { mut healed, mut left, mut outdated, drifting } =
        judgement.sort(replacing.iter().chain(&found), &others, observed, &mut verdict);
    verdict.is_update = !outdated.is_empty();
    // A newer spec is applied though another manager claims the hash, as `kubectl rollout undo` does.
    verdict.is_update |= !left.is_empty() && !basis.listed && hash(live) != Some(&child.hash);
    verdict.drift.sort_by_key(|item| !item.dangerous);
    verdict.change = change(live, verdict.is_update, &healed);
    if healed.iter().any(|difference| difference.change == DriftChange::Replaced) {
        verdict.change = Change::Send(Request::Replace);
    }
    // If the apply is invalid, the drift that is left alone may be the cause.
    if verdict.is_update {
        healed.append(&mut left);
    }
    if !healed.is_empty() && !matches!(verdict.change, Change::Send(Request::Correct(_))) {
        // What a drift excludes may be newly declared: removing the drift alone would be invalid too.
        healed.append(&mut outdated);
        verdict.correction = Some(correction(live, &healed));
    }
    // After the apply of a new version, what is left is compared again.
    if many && !(verdict.is_update && verdict.drift.is_empty()) {
        let drifting = if drifting.is_empty() { found.iter().collect() } else { drifting };
        verdict = many::as_one(child, live, &drifting, verdict, observed);
    }
    let leaving = live.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
    // An object that is being deleted is still healed: while it exists it protects or runs pods.
    if matches!(verdict.change, Change::Keep | Change::Send(Request::Replace)) && leaving {
        verdict.change = Change::AwaitDeletion;
    }
    verdict
}

/// An autoscaler's number of pods is no difference, as long as it is within the declared bounds.
fn scaled(found: &mut Vec<Difference>, live: &Value, replicas: i64) {
    let path = Path::of_fields(&["spec", "replicas"]);
    found.retain(|difference| difference.path != path);
    let live = live.pointer(&path.pointer()).cloned();
    if live != Some(replicas.into()) {
        found.push(Difference { path, change: DriftChange::Changed, desired: Some(replicas.into()), live });
    }
}

/// The first request; its response is compared again to find what is left.
///
/// Added list members are removed first: one that uses a name or number of a declared member would make the apply
/// invalid. Added fields are removed last: an apply often removes them too, as `type: ClusterIP` does with every
/// `nodePort`.
fn change(live: &Value, is_update: bool, healed: &[&Difference]) -> Change {
    if healed.iter().any(|difference| difference.is_bulk()) {
        return Change::Send(Request::Correct(correction(live, healed)));
    }
    let (removals, applied): (Vec<&Difference>, Vec<&Difference>) = healed
        .iter()
        .copied()
        .partition(|difference| difference.change == DriftChange::Added && !difference.path.is_in_atomic_list());
    let apply = is_update || !applied.is_empty();
    let (members, fields): (Vec<Path>, Vec<Path>) =
        removals.into_iter().map(|difference| difference.path.clone()).partition(Path::is_member);
    match (members.is_empty(), apply, fields.is_empty()) {
        (true, false, true) => Change::Keep,
        (true, true, _) => Change::Send(Request::Apply),
        (true, false, false) => Change::Send(Request::Remove(removal(live, &fields))),
        (false, true, _) => Change::Send(Request::Remove(removal(live, &members))),
        (false, false, _) => Change::Send(Request::Remove(removal(live, &[members, fields].concat()))),
    }
}

/// Whether the object has the hash of this child, with which it was applied last.
pub(in crate::plan) fn has_hash_of(child: &Child, live: &Value) -> bool {
    hash(live) == Some(&child.hash)
}

/// Whether every difference is another field manager's change: the object's hash is that of this child, or the operator
/// didn't write the hash. Otherwise the object is an older version of the child.
fn is_current(child: &Child, live: &Value) -> bool {
    let claims = claims(live, &hash_path());
    // The operator didn't write a hash that no manager claims either: it was removed, or all claims were reset. An earlier correction
    // may claim it besides the apply.
    let ours = claims.iter().any(Claim::is_ours) && !claims.iter().any(Claim::is_foreign);
    has_hash_of(child, live) || !ours
}

/// The verdict on an object of another owner, or of none any more.
pub(super) fn foreign(child: &Child, holder: String, disowned: Option<&str>) -> Verdict {
    let drift = if disowned == Some(&child.hash) { vec![disowned_item(child)] } else { Vec::new() };
    Verdict { drift, ..Verdict::new(Change::Conflict { holder }) }
}

/// The hash of the child as which the operator created an object that has no owner: then a client removed the reference to the app.
/// The operator doesn't adopt the object again, since the removal may be intended, but reports it.
#[must_use]
pub fn disowned(live: &Value) -> Option<&str> {
    let references = live.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let ours = references.is_none_or(Vec::is_empty) && claims(live, &hash_path()).iter().any(Claim::is_ours);
    hash(live).filter(|_| ours)
}

/// The hash of the declared object that the live object claims to be a version of.
fn hash(live: &Value) -> Option<&str> {
    live.pointer(&hash_path().pointer()).and_then(Value::as_str)
}

fn hash_path() -> Path {
    Path::of_fields(&["metadata", "annotations", APPLIED_HASH])
}
