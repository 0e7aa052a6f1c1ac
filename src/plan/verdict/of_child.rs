//! The verdict on a child, whatever is known of it.

use super::{
    change::{Change, Request, Verdict},
    class::{self, is_tolerated},
    drift::deleted_item,
    judge::{self, Basis, judge},
    oversized,
};
use crate::{
    api::FindingItem,
    desired::Child,
    plan::known::{Known, Live, Written},
};

/// How a child's live object compares with it.
#[must_use]
pub fn of(child: &Child, known: &Known<'_>) -> Verdict {
    match &known.live {
        Live::Absent => absent(child, known),
        Live::Verified { unowned } => {
            Verdict { findings: findings(child, unowned, known), ..Verdict::new(Change::Keep) }
        }
        Live::Outdated { .. } => Verdict { is_update: true, ..Verdict::new(Change::Send(Request::Apply)) },
        Live::Foreign { holder, disowned } => judge::foreign(child, holder.clone(), disowned.as_deref()),
        // Judged once it is read.
        Live::Unread { .. } => Verdict::new(Change::Keep),
        Live::Oversized(found) => oversized::of(child, found, known),
        Live::Object { object, verified, .. } => {
            let basis = Basis {
                verified: *verified,
                listed: known.lists(child),
                updated: known.written == Written::NewVersion,
            };
            judge(child, known.uid, object, basis, known.enforcement)
        }
    }
}

/// The object was deleted if the last status lists it for this very spec, or reports the deletion; otherwise it was
/// never created. One that was replaced took its deviations with it.
fn absent(child: &Child, known: &Known<'_>) -> Verdict {
    let listed = known.lists(child);
    let deleted = listed || known.last_report.says_deleted(child);
    let left = listed && known.observes(child);
    let change = if left { Change::Keep } else { Change::Send(Request::Create) };
    let replaced = known.last_report.replaced(child);
    let drift = match deleted {
        _ if !left && !replaced.is_empty() => replaced,
        true => vec![deleted_item(child)],
        false => Vec::new(),
    };
    Verdict { drift, is_update: !left, ..Verdict::new(change) }
}

/// The findings for additions that no field manager claimed when the object was compared, but for those that the policy tolerates
/// now.
fn findings(child: &Child, unowned: &[String], known: &Known<'_>) -> Vec<FindingItem> {
    let left = unowned.iter().filter(|path| !is_tolerated(&known.enforcement.tolerated, child, path));
    left.map(|path| class::unowned(child, path)).collect()
}
