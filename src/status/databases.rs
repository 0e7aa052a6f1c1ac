//! What the status says of each database.

use crate::{
    api::{DatabaseStatus, quoted},
    plan::{DatabaseState, Isolation},
};

pub(super) fn databases(states: &[DatabaseState]) -> Vec<DatabaseStatus> {
    let told = |state: &DatabaseState| {
        let (isolated, message) = match &state.isolation {
            Isolation::Isolated => (Some(true), ""),
            Isolation::External => (None, ""),
            Isolation::Unknown(message) => (None, message.as_str()),
            Isolation::Opened(message)
            | Isolation::NoPods(message)
            | Isolation::PortMismatch(message)
            | Isolation::Claimed(message) => (Some(false), message.as_str()),
        };
        DatabaseStatus {
            name: state.name.to_string(),
            isolated,
            clients: state.clients.clone(),
            pods: state.pods.map(|pods| i32::try_from(pods).unwrap_or(i32::MAX)),
            message: quoted(message),
        }
    };
    states.iter().map(told).collect()
}
