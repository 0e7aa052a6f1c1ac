//! Connections that only pods of earlier releases need. Each stays open until the last of these pods is gone.

use std::collections::BTreeSet;

use super::{outcome::Applied, progress::PartProgress};
use crate::{
    app::{AppId, Edge, End, MIGRATE, PartName, Peer},
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
    let Some(workload) = own(&edge.from, &target.id).or_else(|| own(&edge.to, &target.id)) else { return false };
    if edge.is_from(&target.id, &PartName::new(MIGRATE)) {
        let mut migrations = applied.releases.jobs.iter().filter(|job| is_migration(&target.id.name, &job.name));
        return migrations.any(Job::is_active);
    }
    match applied.progress.iter().find(|(part, _)| target.id.workload_label(part) == *workload) {
        Some((_, progress)) => !is_replaced(progress),
        // It isn't declared any more: its objects are left until its last pod is gone.
        None => applied.children.iter().any(|child| !child.declared && is_of(&child.name, workload)),
    }
}

/// The label of the workload, if the pods are this app's.
fn own<'a>(end: &'a End, id: &AppId) -> Option<&'a String> {
    let End::Pods(Peer { namespace: None, workload }) = end else { return None };
    workload.strip_prefix(&id.name).is_some_and(|rest| rest.starts_with('.')).then_some(workload)
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
