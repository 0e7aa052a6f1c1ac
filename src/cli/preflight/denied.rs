//! The connection that NetworkPolicies must deny: to the API server, which no pod of an app may reach.

use std::ffi::OsString;

use anyhow::Context;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::limits::Limits;

/// How often it is tried while it succeeds: some network plugins enforce the policies of a new pod only after it has started.
const TRIES: u32 = 5;

/// Host and port of the API server, which every pod has in its environment.
///
/// # Errors
/// If a variable isn't set, or is no port.
pub(super) fn api_server(variable: impl Fn(&str) -> Option<OsString>) -> anyhow::Result<(String, u16)> {
    let read = |name: &str| {
        let value = variable(name).and_then(|value| value.into_string().ok());
        value.with_context(|| format!("{name} isn't set: this is no pod"))
    };
    let port = read("KUBERNETES_SERVICE_PORT")?;
    let port = port.parse().with_context(|| format!("KUBERNETES_SERVICE_PORT is no port: {port}"))?;
    Ok((read("KUBERNETES_SERVICE_HOST")?, port))
}

/// Whether the connection succeeds at every try. That it is refused counts as denied: some network plugins answer for the server.
pub(super) async fn is_open((host, port): &(String, u16), limits: Limits) -> bool {
    for attempt in 1..=TRIES {
        let connected = timeout(limits.denied, TcpStream::connect((host.as_str(), *port))).await;
        if !matches!(connected, Ok(Ok(_))) {
            return false;
        }
        if attempt < TRIES {
            sleep(limits.pause).await;
        }
    }
    true
}
