//! How a host of an app stands.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use crate::release::Unclaimed;

/// How one host stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureState {
    /// The host.
    pub host: String,
    /// Where it leads, once it does.
    pub url: String,
    /// Whether it leads to the app.
    pub exposed: Exposed,
    /// When its certificate expires, if that hasn't been renewed in time.
    pub overdue: Option<Timestamp>,
    /// After how long that may be so.
    pub recheck: Option<Duration>,
}

/// Whether a host leads to an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exposed {
    /// The controller has accepted all objects that report it, and all others are in place.
    Yes,
    /// The controller can't enforce what is asked for: nothing is exposed.
    NotEnforceable(String),
    /// The app doesn't have the host.
    Unclaimed(Unclaimed),
    /// The API server doesn't have these kinds.
    NoApi(String),
    /// The certificate isn't issued.
    NoCertificate(String),
    /// The controller has refused an object.
    Refused(String),
    /// Something isn't there yet.
    Waiting(String),
}
