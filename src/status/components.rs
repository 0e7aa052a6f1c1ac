//! The rollout of each component, in words.

use super::Carried;
use crate::{
    api::ComponentStatus,
    cluster::{ChildOutcome, ChildState, PodState, Rollout},
};

/// Longest message about a component, in characters.
const LONGEST: usize = 512;

pub(super) fn components(carried: &Carried) -> Vec<ComponentStatus> {
    carried
        .app
        .components
        .iter()
        .zip(&carried.progress)
        .map(|(component, (rollout, pods))| {
            let mut mine = carried.children.iter().filter(|child| child.component == component.name);
            let blocked = mine.find_map(blocked);
            let scaled = component.autoscaling.is_some();
            ComponentStatus {
                name: component.name.clone(),
                image: component.image.reference.clone(),
                ready: rollout.as_ref().map_or(0, |rollout| rollout.ready),
                desired: rollout.as_ref().filter(|_| scaled).map_or(component.replicas, |rollout| rollout.desired),
                message: blocked.unwrap_or_else(|| message(rollout.as_ref(), pods)),
            }
        })
        .collect()
}

/// Why a component's objects aren't in place.
fn blocked(child: &ChildOutcome) -> Option<String> {
    let (kind, name) = (child.kind, &child.name);
    match &child.state {
        ChildState::Conflict(holder, _) => Some(format!("{kind} {name} belongs to {holder}")),
        ChildState::AwaitDeletion => Some(format!("{kind} {name} is being deleted")),
        ChildState::Failed(_, words) => Some(words.chars().take(LONGEST).collect()),
        ChildState::InPlace
        | ChildState::Observed
        | ChildState::Contested(_)
        | ChildState::Held
        | ChildState::Leftover => None,
    }
}

/// Why its pods don't serve; empty when they do.
fn message(rollout: Option<&Rollout>, pods: &[PodState]) -> String {
    let Some(rollout) = rollout else { return "waiting for its Deployment".to_owned() };
    if rollout.complete {
        return String::new();
    }
    if let Some(failure) = &rollout.failure {
        return format!("pods can't be created: {failure}");
    }
    if let Some(pod) = pods.iter().find(|pod| !pod.problem.is_empty()) {
        return pod.problem.clone();
    }
    let Rollout { ready, desired, .. } = rollout;
    if rollout.stuck {
        return format!("{ready} of {desired} pods ready, and none more within 10 minutes");
    }
    format!("{ready} of {desired} pods ready")
}
