//! Connections that only pods of earlier releases need. Each stays open until the last of these pods is gone.

use std::collections::BTreeSet;

use super::{outcome::Applied, progress::PartProgress};
use crate::{
    app::{Edge, End, Peer},
    desired::Rollout,
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

/// Whether pods of an earlier release of the part that opens the connection may run.
fn is_needed(edge: &Edge, applied: &Applied) -> bool {
    let End::Pods(Peer { namespace: None, workload }) = &edge.from else { return false };
    let target = &applied.target;
    match applied.progress.iter().find(|(part, _)| target.id.workload_label(part) == *workload) {
        Some((_, progress)) => !is_replaced(progress),
        // It isn't declared any more: its objects are left until its last pod is gone.
        None => applied.children.iter().any(|child| !child.declared && is_of(&child.name, workload)),
    }
}

/// Whether all pods are of the current template, and no other is ending.
fn is_replaced(progress: &PartProgress) -> bool {
    let all = |rollout: &Rollout| usize::try_from(rollout.desired).is_ok_and(|desired| progress.pods.len() <= desired);
    progress.is_complete() && progress.rollout().is_some_and(all)
}

/// Whether it is the name of a child of the part that this label selects.
fn is_of(child: &str, workload: &str) -> bool {
    workload
        .split_once('.')
        .is_some_and(|(app, part)| child.strip_prefix(app).and_then(|rest| rest.strip_prefix('-')) == Some(part))
}
