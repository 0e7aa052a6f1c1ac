//! The operator's HTTP clients: one that writes only while this process leads, and that of the leader election.

use std::sync::Arc;

use anyhow::Context;
use http::{HeaderValue, Request, header::USER_AGENT};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
};
use tower::util::MapRequestLayer;

use super::{
    traffic::{Count, Traffic},
    write::{Fence, LONGEST_CONNECT, Tenure},
};
use crate::api::MANAGER;

/// In the URL of a request for a streamed list.
const STREAMED: &str = "sendInitialEvents=true";

/// Clients of the API server, and the count of their requests.
pub struct Connection {
    /// For all but the leader election: it writes only within the tenure.
    pub client: Client,
    /// For the leader election alone: it may write at any time.
    pub election: Client,
    /// The requests of these clients and of all their clones.
    pub traffic: Arc<Traffic>,
    /// Host and port of the API server.
    pub host: String,
}

/// A connection configured from the usual sources (`KUBECONFIG`, the pod's own ServiceAccount), set up for a
/// controller. Its requests name this process, so that an audit log tells the replicas apart.
///
/// # Errors
/// If no configuration is found or it can't be used.
pub async fn connect(identity: &str, tenure: &Arc<Tenure>) -> anyhow::Result<Connection> {
    let mut config =
        Config::infer().await.context("failed to find a cluster: neither a kubeconfig nor a pod's ServiceAccount")?;
    // The client's own retries would hide throttling for minutes; the work queue retries instead, with backoff, and the
    // status reports it.
    config.default_retry = false;
    config.connect_timeout = Some(LONGEST_CONNECT);
    config.headers.push((USER_AGENT, agent(identity)?));
    let host = config.cluster_url.authority().map(ToString::to_string).unwrap_or_default();
    let traffic = Arc::<Traffic>::default();
    let builder = || ClientBuilder::try_from(config.clone()).context("failed to set up the cluster client");
    let count = Count(traffic.clone());
    let client = builder()?.with_layer(&MapRequestLayer::new(consistent)).with_layer(&count);
    let client = client.with_layer(&Fence(tenure.clone())).build();
    let election = builder()?.with_layer(&count).build();
    Ok(Connection { client, election, traffic, host })
}

/// As clients of Kubernetes name themselves: program, version, and in a comment what else is known.
fn agent(identity: &str) -> anyhow::Result<HeaderValue> {
    let agent = format!("{MANAGER}/{} ({identity})", env!("CARGO_PKG_VERSION"));
    HeaderValue::try_from(agent).with_context(|| format!("{identity} is no name for a pod"))
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
