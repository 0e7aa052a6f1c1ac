//! How long a pod runs.

/// How long a pod runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desired) enum Lifetime {
    /// For as long as the app exists.
    Lasting,
    /// Once, whatever comes of it: the pod and its message stay.
    Once,
    /// Until its process succeeds: the kubelet starts it again.
    UntilItPasses,
}

impl Lifetime {
    /// `restartPolicy` of the pod.
    pub(super) const fn restart_policy(self) -> &'static str {
        match self {
            Self::Lasting => "Always",
            Self::Once => "Never",
            Self::UntilItPasses => "OnFailure",
        }
    }

    /// `terminationMessagePolicy` of the container. A task that leaves no message says in its log why it failed.
    pub(super) const fn message_policy(self) -> &'static str {
        match self {
            Self::Lasting => "File",
            Self::Once | Self::UntilItPasses => "FallbackToLogsOnError",
        }
    }
}
