//! `Exposed`: all hosts lead to the app.

use super::decision::{Decision, Facts};
use crate::{
    api::Reason,
    plan::{Applied, Exposed, ExposureState, Outcome},
    release::Unclaimed,
};

/// Not present where there are no hosts.
pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    let Outcome::Applied(applied) = facts.outcome else { return None };
    applied.exposures.first()?;
    Some(why_not(applied).unwrap_or_else(|| Decision::new(true, Reason::Exposed, "all hosts lead to the app")))
}

/// What is wrong with the first host that doesn't lead to the app; what needs a user before what only takes time.
pub(super) fn why_not(applied: &Applied) -> Option<Decision> {
    let problems = applied.exposures.iter().filter_map(problem);
    problems.min_by_key(|decision| !decision.reason.needs_a_user())
}

fn problem(state: &ExposureState) -> Option<Decision> {
    let (reason, words) = words(&state.exposed)?;
    Some(Decision::new(false, reason, format!("{}: {words}", state.host)))
}

/// The reason, and what is wrong. Other tenants' objects aren't named.
pub(in crate::status) fn words(exposed: &Exposed) -> Option<(Reason, String)> {
    Some(match exposed {
        Exposed::Yes => return None,
        Exposed::NotEnforceable(words) => (Reason::NotEnforceable, words.clone()),
        Exposed::Unclaimed(Unclaimed::Taken) => {
            let words = "the host is already taken in this cluster; choose another, or have the platform team free it";
            (Reason::HostConflict, words.to_owned())
        }
        Exposed::Unclaimed(Unclaimed::Unknown) => {
            let words = "whether the host is free isn't known until all routes of the cluster are";
            (Reason::RoutePending, words.to_owned())
        }
        Exposed::NoApi(words) => {
            (Reason::ApiMissing, format!("{words}: have the platform team install it, or change the policy's exposure"))
        }
        Exposed::NoCertificate(words) => (Reason::CertificateMissing, words.clone()),
        Exposed::Refused(words) => (Reason::RouteRefused, words.clone()),
        Exposed::Waiting(words) => (Reason::RoutePending, words.clone()),
    })
}
