//! `Accepted`: the spec, together with the policy, can be applied.

use super::decision::{Decision, Facts};
use crate::{
    api::Reason,
    app::{Refusal, Rejection},
    plan::Outcome,
};

pub(super) fn decide(facts: &Facts<'_>) -> Decision {
    if let Some(refused) = refused(facts) {
        return refused;
    }
    match facts.outcome {
        Outcome::Applied(applied) if applied.enforcement().paused => {
            Decision::new(true, Reason::Accepted, "the spec can be applied, and is once the app is no longer paused")
        }
        _ => Decision::new(true, Reason::Accepted, "the spec is carried out"),
    }
}

/// Why the newest spec isn't applied.
pub(super) fn refused(facts: &Facts<'_>) -> Option<Decision> {
    let refusal = match facts.outcome {
        Outcome::Refused(refusal) => refusal,
        Outcome::Applied(applied) => applied.refused.as_ref()?,
        Outcome::TimedOut => return None,
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
