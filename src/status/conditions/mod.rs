//! The conditions, one file for each type.
//!
//! Messages that an app has for as long as it is healthy, observed or paused are kept from version to version, as are those of
//! findings: an upgrade that rewords one writes the status of every such app.

mod accepted;
mod available;
mod databases_isolated;
mod decision;
pub(super) mod exposed;
mod in_sync;
mod migrated;
mod ready;
mod reconciling;
mod secrets_valid;
mod stalled;

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::Timestamp,
};

use self::decision::{Decision, Facts};
use crate::{
    api::{ConditionType, HardenedAppStatus},
    plan::Outcome,
};

/// Longest message: long enough for every mistake of a spec, short enough to be read.
const LONGEST: usize = 2048;

/// The conditions after an outcome, in the order of [`ConditionType::ALL`].
pub(super) fn conditions(
    previous: &HardenedAppStatus,
    outcome: &Outcome,
    status: &HardenedAppStatus,
    now: Timestamp,
) -> Vec<Condition> {
    let facts = Facts { outcome, status, ready: ready::decide(outcome, status) };
    let condition = |kind: &ConditionType| {
        let known = previous.conditions.iter().find(|known| known.type_ == kind.as_str());
        match known {
            // A reconciliation that ended early found out nothing new about these.
            Some(known) if matches!(outcome, Outcome::Unfinished(..)) && is_kept(*kind) => Some(known.clone()),
            _ => decide(*kind)(&facts).map(|decision| condition(*kind, &decision, known, status, now)),
        }
    };
    ConditionType::ALL.iter().filter_map(condition).collect()
}

/// Decides one condition; `None` where it isn't present.
fn decide(kind: ConditionType) -> fn(&Facts<'_>) -> Option<Decision> {
    match kind {
        ConditionType::Ready => |facts| Some(facts.ready.clone()),
        ConditionType::Accepted => |facts| Some(accepted::decide(facts.outcome)),
        ConditionType::Reconciling => reconciling::decide,
        ConditionType::Stalled => stalled::decide,
        ConditionType::SecretsValid => secrets_valid::decide,
        ConditionType::Migrated => migrated::decide,
        ConditionType::Available => available::decide,
        ConditionType::DatabasesIsolated => databases_isolated::decide,
        ConditionType::Exposed => exposed::decide,
        ConditionType::InSync => in_sync::decide,
    }
}

/// Whether a condition stays as it was where a reconciliation ended early.
const fn is_kept(kind: ConditionType) -> bool {
    !matches!(kind, ConditionType::Ready | ConditionType::Reconciling | ConditionType::Stalled)
}

/// `lastTransitionTime` changes only with the status.
fn condition(
    kind: ConditionType,
    decision: &Decision,
    known: Option<&Condition>,
    status: &HardenedAppStatus,
    now: Timestamp,
) -> Condition {
    let holds = match decision.holds {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let same = known.filter(|known| known.status == holds);
    Condition {
        type_: kind.as_str().to_owned(),
        status: holds.to_owned(),
        reason: decision.reason.as_str().to_owned(),
        message: decision.message.chars().take(LONGEST).collect(),
        last_transition_time: same.map_or(Time(now), |known| known.last_transition_time.clone()),
        observed_generation: status.observed_generation,
    }
}
