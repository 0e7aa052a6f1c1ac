//! Whether each host leads to the app, for the status.

use super::conditions::exposed::words;
use crate::{
    api::ExposureStatus,
    plan::{Exposed, ExposureState},
};

pub(super) fn exposures(states: &[ExposureState]) -> Vec<ExposureStatus> {
    let of_host = |state: &ExposureState| ExposureStatus {
        host: state.host.clone(),
        exposed: state.exposed == Exposed::Yes,
        message: words(&state.exposed).map(|(_, words)| words).unwrap_or_default(),
    };
    states.iter().map(of_host).collect()
}

/// Where the app is reachable from outside the cluster.
pub(super) fn urls(states: &[ExposureState]) -> Vec<String> {
    let exposed = states.iter().filter(|state| state.exposed == Exposed::Yes && !state.host.starts_with('*'));
    exposed.map(|state| state.url.clone()).collect()
}
