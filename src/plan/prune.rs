//! Children that are no longer declared: which may be deleted, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::progress::PartProgress;
use crate::{
    api::HardenedAppStatus,
    app::PartName,
    desired::{Child, Kind, Stage},
};

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
    /// Whether pods of its component still run, or may start: those of a Job that hasn't ended.
    pub has_pods: bool,
    /// Whether it is being deleted already.
    pub leaving: bool,
    /// When it goes.
    pub goes: Goes,
}

/// When an object goes that nothing declares any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    /// Not because of that: the record of releases, and migrations that have run.
    Never,
    /// As soon as its pods have gone: the checks before a release, which nothing waits for.
    AtOnce,
    /// Once what may replace it has arrived.
    WhenReplaced,
}

/// Whether nothing is still to come that may replace what was removed: a part that is new, or was changed, since a spec was last applied
/// completely, and whose rollout has never been complete. A part that was there before keeps nothing, whether its pods fail or never
/// ran. The Deployments and the last status say so, not the memory of the process; a status that doesn't is taken for one of a new part.
#[must_use]
pub fn is_replaced(
    declared: &[Child],
    progress: &BTreeMap<PartName, PartProgress>,
    last_status: &HardenedAppStatus,
) -> bool {
    let is_settled = |name: &PartName, child: &Child| {
        let mut known = last_status.components.iter().filter(|known| known.name == name.as_str());
        known.any(|known| known.settled.as_ref() == Some(&child.hash))
    };
    let mut workloads = declared.iter().filter(|child| child.kind.rolls_out());
    workloads.all(|child| {
        let Some(name) = &child.part else { return true };
        progress.get(name).is_some_and(PartProgress::has_arrived) || is_settled(name, child)
    })
}

/// Splits the objects that are no longer declared into those that may be deleted now and those that must wait.
///
/// After a rename both exist for a while: what was removed waits until what may replace it has arrived (`replaced`). What leads to a workload
/// from outside is deleted before it; a workload before its policy, and the policy only after the last pod.
#[must_use]
pub fn prunable(owned: Vec<Leftover>, declared: &[Child], replaced: bool) -> (Vec<Leftover>, Vec<Leftover>) {
    let declared: BTreeSet<(&Kind, &str)> = declared.iter().map(|child| (child.kind, child.name.as_str())).collect();
    let gone: Vec<Leftover> = owned
        .into_iter()
        .filter(|it| it.goes != Goes::Never && !declared.contains(&(it.kind, it.name.as_str())))
        .collect();
    let with_workload: BTreeSet<String> =
        gone.iter().filter(|other| other.kind.stage == Stage::Workload).map(|other| other.name.clone()).collect();
    let has_entry = gone.iter().any(|other| other.kind.stage == Stage::Entry);
    gone.into_iter().partition(|leftover| {
        let bare = !leftover.has_pods && !with_workload.contains(&leftover.name);
        // If the component is still declared, its objects don't wait: an autoscaler that was disabled must stop scaling.
        let kept = declared.iter().any(|(_, name)| *name == leftover.name);
        let follows = match leftover.kind.stage {
            Stage::Entry => true,
            Stage::Workload => kept || !has_entry,
            Stage::Guard => bare,
        };
        (replaced || kept || leftover.goes == Goes::AtOnce) && !leftover.leaving && follows
    })
}
