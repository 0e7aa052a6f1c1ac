//! The verdict on a child, whatever is known of it.

use super::{
    change::{Change, Request, Verdict},
    drift::deleted_item,
    judge::{Basis, judge},
};
use crate::{
    desired::Child,
    plan::known::{Known, Live},
};

/// How a child's live object compares with it.
#[must_use]
pub fn of(child: &Child, known: &Known<'_>) -> Verdict {
    match &known.live {
        Live::Absent => absent(child, known),
        Live::Verified { findings } => Verdict { findings: findings.clone(), ..Verdict::new(Change::Keep) },
        Live::Outdated { .. } => Verdict { is_update: true, ..Verdict::new(Change::Send(Request::Apply)) },
        Live::Foreign { holder } => Verdict::new(Change::Conflict { holder: holder.clone() }),
        Live::Object { object, verified, .. } => {
            let basis = Basis { verified: *verified, listed: known.lists(child) };
            judge(child, known.uid, object, basis, known.enforcement)
        }
    }
}

/// The object was deleted if the last status lists it for this very spec, or reports the deletion; otherwise it was
/// never created.
fn absent(child: &Child, known: &Known<'_>) -> Verdict {
    let listed = known.lists(child);
    let deleted = listed || known.last_report.says_deleted(child);
    let left = listed && known.observes(child);
    let change = if left { Change::Keep } else { Change::Send(Request::Create) };
    let drift = if deleted { vec![deleted_item(child)] } else { Vec::new() };
    Verdict { drift, is_update: !left, ..Verdict::new(change) }
}
