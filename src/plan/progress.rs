//! How far the parts of an app have come.

use std::collections::BTreeMap;

use super::{known::Live, pod::PodState, verdict::has_hash_of};
use crate::{
    app::PartName,
    desired::{Child, Progress, Rollout, RolloutPhase},
    release::Target,
};

/// How far one part has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartProgress {
    /// The progress of the object that creates its pods; `None` until that exists.
    pub progress: Option<Progress>,
    /// Its pods.
    pub pods: Vec<PodState>,
    /// The fewest pods, where an autoscaler decides their number.
    pub fewest: Option<i32>,
}

impl PartProgress {
    /// The rollout of its pods.
    #[must_use]
    pub const fn rollout(&self) -> Option<&Rollout> {
        match &self.progress {
            Some(Progress::Rollout(rollout)) => Some(rollout),
            Some(_) | None => None,
        }
    }

    /// Whether all pods are of the current template, and those that must be are ready. An autoscaler that adds pods doesn't change
    /// that.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rollout().is_some_and(|rollout| match self.fewest {
            Some(fewest) => rollout.current && rollout.ready >= fewest,
            None => rollout.complete,
        })
    }

    /// Whether its rollout has been complete. If its pods fail later, it is no replacement that is still to come.
    #[must_use]
    pub fn has_arrived(&self) -> bool {
        self.is_complete() || self.rollout().is_some_and(|rollout| rollout.phase == RolloutPhase::Finished)
    }
}

/// Whether a live object was applied as this very child, whatever others have changed in it; false where that isn't known.
#[must_use]
pub fn is_applied(child: &Child, live: &Live) -> bool {
    match live {
        Live::Verified { .. } | Live::Object { verified: true, .. } | Live::Unread { verified: true, .. } => true,
        Live::Object { object, .. } => has_hash_of(child, object),
        _ => false,
    }
}

/// Whether all pods of all parts are of the current template and ready.
#[must_use]
pub fn is_available(target: &Target, progress: &BTreeMap<PartName, PartProgress>) -> bool {
    let complete = |name| progress.get(name).is_some_and(PartProgress::is_complete);
    target.lasting().all(|workload| complete(&workload.name))
}
