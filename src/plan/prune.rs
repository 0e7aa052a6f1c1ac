//! Children that nothing declares any more: which may go, and in which order.

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
}

/// The leftovers that may be deleted now.
///
/// The new must serve before the old goes: after a rename both are there for a while. A workload goes before its policy, and
/// the policy only after the last pod.
#[must_use]
pub fn prunable<'a>(leftovers: &'a [Leftover], declared: &[Child], available: bool) -> Vec<&'a Leftover> {
    if !available {
        return Vec::new();
    }
    let declared: BTreeSet<(&str, &str)> =
        declared.iter().map(|child| (child.kind.kind, child.name.as_str())).collect();
    let gone: Vec<&Leftover> =
        leftovers.iter().filter(|leftover| !declared.contains(&(leftover.kind.kind, leftover.name.as_str()))).collect();
    let has_workload = |name: &str| gone.iter().any(|other| other.name == name && other.kind.stage == Stage::Workload);
    gone.iter()
        .filter(|leftover| match leftover.kind.stage {
            Stage::Workload => true,
            Stage::Guard => !leftover.has_pods && !has_workload(&leftover.name),
        })
        .copied()
        .collect()
}
