//! How long a check waits.

use std::time::Duration;

/// How long is waited for what.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// For all databases together.
    pub(super) total: Duration,
    /// For one attempt to connect to a host, with its answer.
    pub(super) attempt: Duration,
    /// Between two attempts.
    pub(super) pause: Duration,
    /// For the connection that must be denied.
    pub(super) denied: Duration,
}

pub(super) const LIMITS: Limits = Limits {
    total: Duration::from_secs(30),
    attempt: Duration::from_secs(5),
    pause: Duration::from_secs(1),
    denied: Duration::from_secs(2),
};
