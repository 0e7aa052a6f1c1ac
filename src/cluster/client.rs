//! The operator's HTTP client.

use std::time::Duration;

use anyhow::Context;
use http::{HeaderValue, header::USER_AGENT};
use kube::{Client, Config};

use crate::api::MANAGER;

/// A client from the usual places (`KUBECONFIG`, the pod's own ServiceAccount), set up for a controller.
///
/// # Errors
/// Where no configuration is found or it can't be used.
pub async fn client() -> anyhow::Result<Client> {
    let mut config =
        Config::infer().await.context("failed to find a cluster: neither a kubeconfig nor a pod's ServiceAccount")?;
    // The client's own retries would hide throttling for minutes; the work queue retries, with backoff and in the status.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    let agent = HeaderValue::from_static(concat!("hardened-app/", env!("CARGO_PKG_VERSION")));
    debug_assert!(agent.as_bytes().starts_with(MANAGER.as_bytes()));
    config.headers.push((USER_AGENT, agent));
    Client::try_from(config).context("failed to set up the cluster client")
}
