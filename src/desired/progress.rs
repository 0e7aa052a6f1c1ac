//! How far an object has come that takes time after it is applied.

/// How far an object has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Pods are replaced.
    Rollout(Rollout),
}

/// The replacement of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// Pods wanted.
    pub desired: i32,
    /// Pods of the current template that are ready.
    pub ready: i32,
    /// Whether all pods are of the current template and ready, and no other is left.
    pub complete: bool,
    /// The controller gave up waiting (`ProgressDeadlineExceeded`).
    pub stuck: bool,
    /// Why pods can't be created, from the `ReplicaFailure` condition: quota, admission …
    pub failure: Option<String>,
}
