//! The rollout of each component, with a message.

use crate::{
    api::ComponentStatus,
    app::{PartName, Workload},
    desired::{Rollout, RolloutPhase},
    plan::{Applied, ChildOutcome, ChildState, PartProgress, PodState},
};

/// Longest message about a component, in characters.
const LONGEST: usize = 512;

pub(super) fn components(previous: &[ComponentStatus], applied: &Applied) -> Vec<ComponentStatus> {
    let unknown = PartProgress::default();
    let component = |workload: &Workload| {
        let name = &workload.name;
        let progress = applied.progress.get(name).unwrap_or(&unknown);
        let rollout = progress.rollout();
        let children = || applied.children.iter().filter(|child| child.part.as_ref() == Some(name));
        let scale = applied.target.ungated.scale.get(name);
        let declared = scale.filter(|scale| scale.autoscaling.is_none()).map(|scale| scale.replicas);
        let fewest = || scale.map_or(0, |scale| scale.replicas);
        ComponentStatus {
            name: name.to_string(),
            image: workload.template.image.reference.clone(),
            ready: rollout.map_or(0, |rollout| rollout.ready),
            desired: declared.unwrap_or_else(|| rollout.map_or_else(fewest, |rollout| rollout.desired)),
            message: children().find_map(blocked).unwrap_or_else(|| match rollout {
                Some(rollout) if progress.is_complete() && rollout.ready >= rollout.desired => String::new(),
                Some(rollout) => message(rollout, &progress.pods),
                None => children().filter(|child| child.kind.rolls_out()).map(missing).collect(),
            }),
            settled: settled(previous, applied, name, progress),
        }
    };
    applied.target.lasting().map(component).collect()
}

/// What was removed mustn't wait for a component that was there before, even if its pods have never run.
fn settled(
    previous: &[ComponentStatus],
    applied: &Applied,
    name: &PartName,
    progress: &PartProgress,
) -> Option<String> {
    if progress.has_arrived() {
        return None;
    }
    if !applied.is_carried_out() {
        return previous.iter().find(|known| known.name == name.as_str())?.settled.clone();
    }
    let mut children = applied.children.iter().filter(|child| child.part.as_ref() == Some(name));
    children.find(|child| child.kind.rolls_out()).map(|child| child.hash.clone())
}

/// Why a component's objects aren't in place.
fn blocked(child: &ChildOutcome) -> Option<String> {
    let (kind, name) = (child.kind.name, &child.name);
    match &child.state {
        ChildState::Conflict(holder, _) => {
            Some(format!("{kind} {name} isn't controlled by this app (controller: {holder})"))
        }
        ChildState::AwaitDeletion => Some(format!("{kind} {name} is being deleted")),
        ChildState::Failed(_, message) => Some(message.chars().take(LONGEST).collect()),
        ChildState::InPlace
        | ChildState::Observed
        | ChildState::Contested(_)
        | ChildState::Held
        | ChildState::Leftover(_)
        | ChildState::NoApi => None,
    }
}

/// The object that creates the pods doesn't exist yet.
fn missing(child: &ChildOutcome) -> String {
    format!("waiting for its {}", child.kind.name)
}

/// Why its pods aren't ready.
fn message(rollout: &Rollout, pods: &[PodState]) -> String {
    if let Some(failure) = &rollout.failure {
        return format!("pods can't be created: {failure}");
    }
    if let Some(pod) = pods.iter().find(|pod| !pod.problem.is_empty()) {
        return pod.problem.clone();
    }
    let Rollout { ready, desired, .. } = rollout;
    if rollout.phase == RolloutPhase::Stuck {
        return format!("{ready} of {desired} pods ready, and none more within 10 minutes");
    }
    format!("{ready} of {desired} pods ready")
}
