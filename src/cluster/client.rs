//! The operator's HTTP client.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::{HeaderValue, Request, header::USER_AGENT};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
};
use tower::util::MapRequestLayer;

use super::traffic::{Count, Traffic};
use crate::api::MANAGER;

/// In the URL of a request for a streamed list.
const STREAMED: &str = "sendInitialEvents=true";

/// A client of the API server, and the count of its requests.
pub struct Connection {
    /// Its requests are counted in `traffic`.
    pub client: Client,
    /// The requests of this client and of all its clones.
    pub traffic: Arc<Traffic>,
    /// Host and port of the API server.
    pub host: String,
}

/// A connection configured from the usual sources (`KUBECONFIG`, the pod's own ServiceAccount), set up for a
/// controller.
///
/// # Errors
/// If no configuration is found or it can't be used.
pub async fn connect() -> anyhow::Result<Connection> {
    let mut config =
        Config::infer().await.context("failed to find a cluster: neither a kubeconfig nor a pod's ServiceAccount")?;
    // The client's own retries would hide throttling for minutes; the work queue retries instead, with backoff, and the
    // status reports it.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    let agent = HeaderValue::from_static(concat!("hardened-app/", env!("CARGO_PKG_VERSION")));
    debug_assert!(agent.as_bytes().starts_with(MANAGER.as_bytes()));
    config.headers.push((USER_AGENT, agent));
    let host = config.cluster_url.authority().map(ToString::to_string).unwrap_or_default();
    let traffic = Arc::<Traffic>::default();
    let builder = ClientBuilder::try_from(config).context("failed to set up the cluster client")?;
    let builder = builder.with_layer(&MapRequestLayer::new(consistent)).with_layer(&Count(traffic.clone()));
    Ok(Connection { client: builder.build(), traffic, host })
}

/// A streamed list that is at least as new as everything written before. kube asks for version 0, which a cache of the API server that
/// lags behind may answer: then an app that was changed while the operator was down would for a moment be applied as it was before.
/// "If `resourceVersion` is unset, this is interpreted as 'consistent read'":
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>
pub(super) fn consistent(mut request: Request<Body>) -> Request<Body> {
    let uri = request.uri().to_string();
    if uri.contains(STREAMED)
        && let Ok(uri) = uri.replace("&resourceVersion=0", "").parse()
    {
        *request.uri_mut() = uri;
    }
    request
}
