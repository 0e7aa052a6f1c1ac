//! The verdict on one live object: what must be done to it, and what other field managers have changed.

use serde_json::Value;

use super::{
    change::{Change, Request, Verdict},
    compare::{Difference, MOST, differences},
    correction::correction,
    drift::{disowned_item, drift_item, short},
    oversized,
    ownership::{Claim, claims},
    path::Path,
    removal::removal,
    replacement::replacing,
};
use crate::{
    api::{Check, DriftChange, FindingItem, MANAGED_BY, ToleratedPath},
    app::{Enforcement, PartName},
    desired::{APPLIED_HASH, Child, DANGEROUS_EVERYWHERE},
    plan::{
        controller::{Controller, holder},
        oversized::Oversized,
    },
};

/// What is known of a live object besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    /// This process has found the object equal to this very child before: then every difference is drift, whatever the
    /// object's annotations claim.
    pub verified: bool,
    /// The object existed for this very spec before: the last status lists it, or this reconciliation has written it.
    pub listed: bool,
}

/// Compares a live object with the child it should be.
#[must_use]
pub fn judge(child: &Child, owner_uid: &str, live: &Value, basis: Basis, enforcement: &Enforcement) -> Verdict {
    if let Some(holder) = holder(Controller::of(live).as_ref(), owner_uid) {
        return foreign(child, holder, disowned(live));
    }
    let current = basis.verified || is_current(child, live);
    let judgement = Judgement { child, live, current, tolerated: &enforcement.tolerated };
    let observed = enforcement.only_observes(child.kind.rules.always_enforced);
    let mut verdict = Verdict::new(Change::Keep);
    let mut found = differences(&child.body, live, &child.kind.rules);
    if found.len() > MOST {
        let found = Oversized::read(&live.to_string());
        let left = enforcement.only_observes(child.kind.rules.always_enforced);
        return oversized::judge(child, &found, basis.listed, left);
    }
    if let Some(replicas) = child.replicas(live.pointer("/spec/replicas").and_then(Value::as_i64)) {
        scaled(&mut found, live, replicas);
    }
    let replacing = replacing(child, live, &mut found);
    let mut healed: Vec<&Difference> = Vec::new();
    let mut left: Vec<&Difference> = Vec::new();
    let mut outdated: Vec<&Difference> = Vec::new();
    for difference in replacing.iter().chain(&found) {
        match judgement.class(difference) {
            Class::Granted => verdict.conditional = true,
            Class::Outdated => outdated.push(difference),
            Class::Residue => healed.push(difference),
            Class::Unowned => {
                let path = short(&difference.path);
                verdict.findings.push(unowned(child, &path));
                verdict.unowned.push(path);
            }
            Class::Drift { claim, dangerous } => {
                verdict.drift.push(drift_item(child, difference, claim.as_ref(), dangerous));
                if observed && !is_watch_label(&difference.path) {
                    left.push(difference);
                } else {
                    healed.push(difference);
                }
            }
        }
    }
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

/// What a difference means.
enum Class {
    /// The policy tolerates this change by other field managers.
    Granted,
    /// The object is an older version of the child.
    Outdated,
    /// An addition that only an update under the operator's name claims: an earlier correction left it.
    Residue,
    /// An addition that no other field manager claims: a server default or a webhook. Reported, never reverted.
    Unowned,
    /// A change by another field manager.
    Drift { claim: Option<Claim>, dangerous: bool },
}

struct Judgement<'a> {
    child: &'a Child,
    live: &'a Value,
    current: bool,
    tolerated: &'a [ToleratedPath],
}

impl Judgement<'_> {
    fn class(&self, difference: &Difference) -> Class {
        let rules = &self.child.kind.rules;
        let path = &difference.path;
        let covers = |pattern: &&str| path.is_within(pattern) || (difference.is_bulk() && path.is_parent(pattern));
        let within = |patterns: &[&str]| patterns.iter().any(covers);
        let added = difference.change == DriftChange::Added;
        let replaced = difference.change == DriftChange::Replaced;
        let claims = claims(self.live, &difference.path);
        let foreign = claims.iter().any(Claim::is_foreign);
        let ours = !foreign && claims.iter().any(Claim::is_ours);
        // New bounds can exclude the autoscaler's number: that isn't drift.
        if !self.current && self.child.autoscaled.is_some() && difference.path.is("spec replicas") {
            return Class::Outdated;
        }
        // The next apply sets or removes what only the operator's apply claims; a field that doesn't exist yet has no
        // claim.
        if !self.current && !replaced && (ours || (claims.is_empty() && !added)) {
            return Class::Outdated;
        }
        if !self.current && added && !claims.is_empty() && !foreign {
            return Class::Residue;
        }
        let claim = claims.into_iter().next();
        let dangerous = replaced || within(rules.dangerous) || within(DANGEROUS_EVERYWHERE);
        let commanding = within(rules.commanding);
        if !added || dangerous {
            return Class::Drift { claim, dangerous: dangerous || commanding };
        }
        if is_tolerated(self.tolerated, self.child, &difference.path.to_string()) {
            return Class::Granted;
        }
        if foreign || commanding { Class::Drift { claim, dangerous: commanding } } else { Class::Unowned }
    }
}

/// Whether every difference is another field manager's change: the object's hash is that of this child, or the operator
/// didn't write the hash. Otherwise the object is an older version of the child.
fn is_current(child: &Child, live: &Value) -> bool {
    let claims = claims(live, &hash_path());
    // The operator didn't write a hash that no manager claims either: it was removed, or all claims were reset.
    hash(live) == Some(&child.hash) || claims.is_empty() || !claims.iter().all(Claim::is_ours)
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

/// Whether the watches select objects by this label: without it, no later change of the object would be reported.
fn is_watch_label(path: &Path) -> bool {
    [["metadata", "labels", MANAGED_BY].as_slice(), &["metadata", "labels"]]
        .iter()
        .any(|fields| *path == Path::of_fields(fields))
}

/// Whether the policy tolerates an addition at this path.
pub(super) fn is_tolerated(tolerated: &[ToleratedPath], child: &Child, path: &str) -> bool {
    let covers = |tolerated: &ToleratedPath| {
        let rest = path.strip_prefix(&tolerated.path);
        tolerated.kind == child.kind.name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    tolerated.iter().any(covers)
}

/// The finding for an addition that no field manager claims.
pub(super) fn unowned(child: &Child, path: &str) -> FindingItem {
    let part = child.part.as_ref().map_or("", PartName::as_str);
    let message = format!(
        "{} {} has {path}, which nobody but us claims: a newer server's default, a webhook, or a client under our name",
        child.kind.name, child.name
    );
    FindingItem::about(part, Check::UnownedAddition, &message)
}
