//! Progress of an object that isn't complete as soon as it is applied.

use crate::release::{Job, Revision};

/// Progress of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Pods are replaced.
    Rollout(Rollout),
    /// Pods run to completion.
    Job(Box<Job>),
    /// A release is recorded; `None` where the entry can't be read.
    Record(Option<Box<Revision>>),
}

/// The replacement of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// Pods wanted.
    pub desired: i32,
    /// Pods of the current template that are ready.
    pub ready: i32,
    /// Whether no pod of an earlier template is left.
    pub current: bool,
    /// Whether all pods are of the current template and ready, and no other is left.
    pub complete: bool,
    /// What the Deployment controller says of the rollout of the current template.
    pub phase: RolloutPhase,
    /// Why pods can't be created, from the `ReplicaFailure` condition: quota, admission …
    pub failure: Option<String>,
}

/// What has become of the rollout of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RolloutPhase {
    /// It isn't finished.
    #[default]
    UnderWay,
    /// It was complete once: pods that fail later are no rollout.
    Finished,
    /// The progress deadline has passed (`ProgressDeadlineExceeded`).
    Stuck,
}
