//! What a difference means: the decision about each one.

use serde_json::Value;

use super::{
    change::Verdict,
    compare::Difference,
    drift::{drift_item, short},
    ownership::{Claim, claims},
    path::Path,
};
use crate::{
    api::{Check, DriftChange, FindingItem, MANAGED_BY, ToleratedPath},
    app::PartName,
    desired::{Child, DANGEROUS_EVERYWHERE},
};

/// What a difference means.
enum Class {
    /// The policy tolerates this change by other field managers.
    Granted,
    /// The object is an older version of the child.
    Outdated,
    /// An addition that only an update by the operator claims: an earlier correction set it, when it was declared.
    Residue,
    /// An addition that no other field manager claims: a server default or a webhook. Reported, never reverted.
    Unowned,
    /// A change by another field manager.
    Drift { claim: Option<Claim>, dangerous: bool },
}

/// What the meaning of a difference depends on.
pub(super) struct Judgement<'a> {
    pub(super) child: &'a Child,
    pub(super) live: &'a Value,
    /// Whether every difference is another field manager's change.
    pub(super) current: bool,
    /// As in [`super::judge::Basis`].
    pub(super) updated: bool,
    pub(super) tolerated: &'a [ToleratedPath],
}

/// Differences by what is done about them.
#[derive(Default)]
pub(super) struct Sorted<'a> {
    pub(super) healed: Vec<&'a Difference>,
    pub(super) left: Vec<&'a Difference>,
    pub(super) outdated: Vec<&'a Difference>,
    /// Those by other clients, whether they are healed or left.
    pub(super) drifting: Vec<&'a Difference>,
}

impl Judgement<'_> {
    /// Sorts the differences, and puts into the verdict what is reported of them. Of the `others` only what is drift counts.
    pub(super) fn sort<'a>(
        &self,
        found: impl Iterator<Item = &'a Difference>,
        others: &'a [Difference],
        observed: bool,
        verdict: &mut Verdict,
    ) -> Sorted<'a> {
        let mut sorted = Sorted::default();
        for difference in found {
            match self.class(difference) {
                Class::Granted => verdict.conditional = true,
                Class::Outdated => sorted.outdated.push(difference),
                Class::Residue => sorted.healed.push(difference),
                Class::Unowned => {
                    let path = short(&difference.path);
                    verdict.findings.push(unowned(self.child, &path));
                    verdict.unowned.push(path);
                }
                Class::Drift { claim, dangerous } => {
                    verdict.drift.push(drift_item(self.child, difference, claim.as_ref(), dangerous));
                    sorted.drifting.push(difference);
                    if observed && !is_watch_label(&difference.path) {
                        sorted.left.push(difference);
                    } else {
                        sorted.healed.push(difference);
                    }
                }
            }
        }
        for difference in others {
            if let Class::Drift { claim, dangerous } = self.class(difference) {
                verdict.drift.push(drift_item(self.child, difference, claim.as_ref(), dangerous));
                sorted.drifting.push(difference);
            }
        }
        sorted
    }

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
        // Nor does an apply remove what a correction has set: managers that update and managers that apply are different ones, though
        // their name is the same.
        if (!self.current || self.updated) && added && !claims.is_empty() && !foreign {
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
        "{} {} has {path}, which only we claim: a newer server's default, a webhook, or a client under our name",
        child.kind.name, child.name
    );
    FindingItem::about(part, Check::UnownedAddition, &message)
}
