//! Requests that failed, and how to react.

use std::time::Duration;

use kube::core::Status;

use crate::plan::FailureClass;

/// After this long without an answer a request counts as failed.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// A request that didn't succeed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} {kind} {name}")]
pub struct Failure {
    pub(super) action: &'static str,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) source: Cause,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("another replica may lead by now")]
    NotLeading,
    #[error("they aren't listed yet")]
    NotListed,
    #[error("an object of this name isn't this app's: delete or rename it")]
    Taken,
    #[error(transparent)]
    Kube(Box<kube::Error>),
}

impl Failure {
    /// How to react to it.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        if matches!(self.source, Cause::Taken) {
            return FailureClass::Refused;
        }
        match self.status() {
            Some(status) => match status.code {
                404 | 409 => FailureClass::Outdated,
                401 | 429 | 500.. => FailureClass::Unavailable,
                _ => FailureClass::Refused,
            },
            None => FailureClass::Unavailable,
        }
    }

    /// Whether this process may not write any more. It is about to end; that says nothing about the app or the API server.
    #[must_use]
    pub const fn is_not_leading(&self) -> bool {
        matches!(self.source, Cause::NotLeading)
    }

    /// Whether the object doesn't exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(|status| status.code == 404)
    }

    /// Whether the API server found the object invalid.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.status().is_some_and(|status| status.code == 422)
    }

    /// The API server's answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match &self.source {
            Cause::Kube(error) => match error.as_ref() {
                kube::Error::Api(status) => Some(status),
                _ => None,
            },
            Cause::Timeout(_) | Cause::NotLeading | Cause::NotListed | Cause::Taken => None,
        }
    }

    /// The failure in one sentence, its cause included.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.status() {
            Some(status) => format!("{self}: {}", status.message),
            None => format!("{self}: {}", self.source),
        }
    }
}
