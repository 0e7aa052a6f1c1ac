//! `Accepted`: the spec, together with the policy, can be applied.

use super::decision::Decision;
use crate::{
    api::Reason,
    app::{Refusal, Rejection},
    plan::Outcome,
};

pub(super) fn decide(outcome: &Outcome) -> Decision {
    if let Some(refused) = refused(outcome) {
        return refused;
    }
    match outcome {
        Outcome::Applied(applied) if applied.enforcement().paused => {
            Decision::new(true, Reason::Accepted, "the spec can be carried out, once the pause is over")
        }
        Outcome::Applied(applied) if applied.is_blocked() => {
            Decision::new(true, Reason::Accepted, "the spec can be carried out; Ready says what it waits for")
        }
        Outcome::Applied(applied) if applied.is_carried_out() => {
            Decision::new(true, Reason::Accepted, "the spec is carried out")
        }
        _ => Decision::new(true, Reason::Accepted, "the spec is being carried out"),
    }
}

/// Why the newest spec isn't applied.
pub(super) fn refused(outcome: &Outcome) -> Option<Decision> {
    let refusal = match outcome {
        Outcome::Refused(refusal) => refusal,
        Outcome::Applied(applied) => applied.refused.as_ref()?,
        Outcome::Unfinished(..) => return None,
    };
    Some(match refusal {
        Refusal::Unreadable(error) => Decision::new(
            false,
            Reason::Unreadable,
            format!(
                "the stored object doesn't fit the schema: {error}; correct it, or bring CRD and operator to the same version"
            ),
        ),
        Refusal::Rejected(rejections) => {
            let lines: Vec<String> = rejections.iter().map(Rejection::to_string).collect();
            Decision::new(false, Reason::Rejected, lines.join("\n"))
        }
    })
}
