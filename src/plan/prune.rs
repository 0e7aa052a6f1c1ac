//! Children that are no longer declared: which may be deleted, and in which order.

use std::collections::BTreeSet;

use crate::desired::{Child, Kind, Stage};

/// An object of the app, found in the cluster, that no component declares.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its name.
    pub name: String,
    /// Its UID, a precondition of the deletion.
    pub uid: String,
    /// Its version, a precondition too.
    pub resource_version: String,
    /// Whether pods of its component still run.
    pub has_pods: bool,
    /// Whether it is being deleted already.
    pub leaving: bool,
}

/// Splits the objects that are no longer declared into those that may be deleted now and those that must wait.
///
/// A part that is new or changed may replace what was removed, so after a rename both exist for a while: until the rollouts of all
/// parts have been complete (`replaced`). A part whose pods fail later keeps nothing. A workload is deleted before its policy, and the
/// policy only after the last pod.
#[must_use]
pub fn prunable(owned: Vec<Leftover>, declared: &[Child], replaced: bool) -> (Vec<Leftover>, Vec<Leftover>) {
    let declared: BTreeSet<(&Kind, &str)> = declared.iter().map(|child| (child.kind, child.name.as_str())).collect();
    let gone: Vec<Leftover> =
        owned.into_iter().filter(|owned| !declared.contains(&(owned.kind, owned.name.as_str()))).collect();
    let with_workload: BTreeSet<String> =
        gone.iter().filter(|other| other.kind.stage == Stage::Workload).map(|other| other.name.clone()).collect();
    gone.into_iter().partition(|leftover| {
        let bare = !leftover.has_pods && !with_workload.contains(&leftover.name);
        // If the component is still declared, its objects don't wait: an autoscaler that was disabled must stop scaling.
        let kept = declared.iter().any(|(_, name)| *name == leftover.name);
        (replaced || kept) && !leftover.leaving && (leftover.kind.stage == Stage::Workload || bare)
    })
}
