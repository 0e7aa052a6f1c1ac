//! Connections that only pods of earlier releases need. Each stays open until the last of these pods is gone.

use std::collections::BTreeSet;

use super::{
    outcome::{Applied, ChildState},
    progress::PartProgress,
};
use crate::{
    app::{Edge, End, MIGRATE, PartName},
    desired::Rollout,
    release::{Job, is_migration},
};

/// Those of the target's earlier connections that a pod may still need.
#[must_use]
pub fn still_needed(applied: &Applied) -> BTreeSet<Edge> {
    let earlier = &applied.target.earlier;
    // Nothing is replaced while the app is paused.
    if applied.enforcement().paused {
        return earlier.clone();
    }
    earlier.iter().filter(|edge| is_needed(edge, applied)).cloned().collect()
}

/// Whether pods of an earlier release may run of the part that opens the connection or, if that is another app's, accepts it.
fn is_needed(edge: &Edge, applied: &Applied) -> bool {
    let target = &applied.target;
    let of_app = |end: &End| end.workload_of(&target.id).map(str::to_owned);
    let Some(workload) = of_app(&edge.from).or_else(|| of_app(&edge.to)) else { return false };
    if edge.is_from(&target.id, &PartName::new(MIGRATE)) {
        let mut migrations = applied.releases.jobs.iter().filter(|job| is_migration(&target.id.name, &job.name));
        return migrations.any(Job::is_active);
    }
    match applied.progress.iter().find(|(part, _)| target.id.workload_label(part) == workload) {
        // Until its new template is written, the pods of the one before it are complete.
        Some((part, progress)) => !is_replaced(progress) || !is_written(part, applied),
        // It isn't declared any more: its objects are left until its last pod is gone.
        None => applied.children.iter().any(|child| !child.declared && is_of(&child.name, &workload)),
    }
}

/// Whether what creates the pods of a part is as declared.
fn is_written(part: &PartName, applied: &Applied) -> bool {
    let mut workloads = applied.children.iter().filter(|child| child.declared && child.kind.rolls_out());
    workloads.all(|child| {
        child.part.as_ref() != Some(part) || matches!(child.state, ChildState::InPlace | ChildState::Observed)
    })
}

/// Whether all pods are of the current template, those that are ending, too: the controller says that there are pods of it, and all
/// that are known are of one.
fn is_replaced(progress: &PartProgress) -> bool {
    let running = progress.pods.iter().filter(|pod| !pod.ended);
    let templates: BTreeSet<&str> = running.map(|pod| pod.template.as_str()).collect();
    let are_current =
        |rollout: &Rollout| if rollout.desired == 0 { templates.is_empty() } else { templates.len() == 1 };
    progress.has_arrived() && progress.rollout().is_some_and(are_current)
}

/// Whether it is the name of a child of the part that this label selects.
fn is_of(child: &str, workload: &str) -> bool {
    workload
        .split_once('.')
        .is_some_and(|(app, part)| child.strip_prefix(app).and_then(|rest| rest.strip_prefix('-')) == Some(part))
}
