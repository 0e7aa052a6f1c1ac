//! `Available`: all pods of all components are ready.

use super::{
    accepted,
    decision::{Decision, Facts},
};
use crate::{
    api::{HardenedAppStatus, Reason},
    app::PartName,
    desired::RolloutPhase,
    plan::{Applied, Outcome, PartProgress, is_available},
};

pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    match facts.outcome {
        Outcome::Applied(applied) => Some(of(applied, facts.status)),
        // No pod was checked: repeating the earlier status would be a guess.
        Outcome::Refused(_) => accepted::refused(facts.outcome).map(|refused| refused.with(None)),
        Outcome::Unfinished(..) => None,
    }
}

pub(super) fn of(applied: &Applied, status: &HardenedAppStatus) -> Decision {
    if applied.target.runs.is_none() {
        let message = match &status.release {
            None => "no release runs yet".to_owned(),
            Some(release) => format!(
                "the record of release {} is gone or can't be read: its components are left as they are, and changes to them aren't reverted",
                release.revision
            ),
        };
        return Decision::new(false, Reason::RolloutInProgress, message);
    }
    if is_available(&applied.target, &applied.progress) {
        let rollouts = applied.progress.values().filter_map(PartProgress::rollout);
        let all = rollouts.into_iter().all(|rollout| rollout.ready >= rollout.desired);
        let message = if all { "all pods of all components serve" } else { "enough pods of all components serve" };
        return Decision::new(true, Reason::Available, message);
    }
    let stuck =
        applied.progress.values().filter_map(PartProgress::rollout).any(|rollout| rollout.phase == RolloutPhase::Stuck);
    let reason = if stuck { Reason::RolloutStuck } else { Reason::RolloutInProgress };
    let complete = |name: &str| applied.progress.get(&PartName::new(name)).is_some_and(PartProgress::is_complete);
    let waiting = status.components.iter().find(|component| !complete(&component.name));
    let message = waiting.map(|component| format!("{}: {}", component.name, component.message));
    Decision::new(false, reason, message.unwrap_or_default())
}
