//! Stands between the operator and the API server, and knows when the operator is to be killed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::write_counter::{Fault, Moment, Turn, WriteCounter};

/// Forwards the requests of one operator process after the other, with the operator's own credentials.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    kubeconfig: PathBuf,
    accepting: JoinHandle<()>,
}

struct Shared {
    client: Client,
    counters: Mutex<BTreeMap<String, WriteCounter>>,
    last: Mutex<Instant>,
    /// Set when a fault waits until the process is killed.
    hit: watch::Sender<bool>,
    /// How often the process was killed.
    kills: watch::Sender<usize>,
}

impl Proxy {
    /// Listens; `kubeconfig` is the operator's. Another one that leads here is written into `dir`.
    pub(crate) async fn start(kubeconfig: &Path, dir: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let shared = Arc::new(Shared {
            client: client(kubeconfig).await?,
            counters: Mutex::default(),
            last: Mutex::new(Instant::now()),
            hit: watch::Sender::new(false),
            kills: watch::Sender::new(0),
        });
        let through = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "proxy", "cluster": { "server": format!("http://{}", listener.local_addr()?) } }],
            "users": [{ "name": "operator", "user": {} }],
            "contexts": [{ "name": "proxy", "context": { "cluster": "proxy", "user": "operator" } }],
            "current-context": "proxy",
        });
        let file = dir.join("proxy.kubeconfig");
        std::fs::write(&file, through.to_string())?;
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { shared, kubeconfig: file, accepting })
    }

    /// The kubeconfig that leads here.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    /// From now on the writes in a namespace are counted, and at one of them the process is to be killed.
    pub(crate) fn arm(&self, namespace: &str, fault: Option<Fault>) {
        self.shared.counters().insert(namespace.to_owned(), WriteCounter::new(fault));
    }

    /// What has been written in a namespace since then, and whether its fault was hit.
    pub(crate) fn counter(&self, namespace: &str) -> WriteCounter {
        self.shared.counters().get(namespace).cloned().unwrap_or_default()
    }

    /// Returns when a fault waits until the process is killed.
    pub(crate) async fn is_hit(&self) -> Result<()> {
        self.shared.hit.subscribe().wait_for(|hit| *hit).await?;
        Ok(())
    }

    /// Asks for the process to be killed, without a fault.
    pub(crate) fn kill(&self) {
        self.shared.touch();
        self.shared.hit.send_replace(true);
    }

    /// The process was killed.
    pub(crate) fn killed(&self) {
        self.shared.hit.send_replace(false);
        self.shared.counters().values_mut().for_each(WriteCounter::killed);
        self.shared.kills.send_modify(|kills| *kills += 1);
    }

    /// How often the process was killed.
    pub(crate) fn kills(&self) -> usize {
        *self.shared.kills.borrow()
    }

    /// For how long no request has arrived, but for those that renew the lease.
    pub(crate) fn idle(&self) -> Duration {
        self.shared.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A client that sends each request once.
async fn client(kubeconfig: &Path) -> Result<Client> {
    let config = Kubeconfig::read_from(kubeconfig)?;
    let mut config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    Ok(config.try_into()?)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, shared.clone()));
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let answer = service_fn(|request: Request<Incoming>| {
        let shared = shared.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let request = Request::from_parts(parts, Body::from(body));
            // A task of its own: what is under way reaches the API server though the process that sent it is gone.
            tokio::spawn(shared.forward(request)).await?
        }
    });
    // It fails where the process is killed.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

impl Shared {
    fn touch(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn counters(&self) -> MutexGuard<'_, BTreeMap<String, WriteCounter>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn forward(self: Arc<Self>, request: Request<Body>) -> Result<Response<Body>> {
        if !request.uri().path().contains("/leases/") {
            self.touch();
        }
        let mut kills = self.kills.subscribe();
        kills.mark_unchanged();
        let Some((namespace, what)) = write(&request) else { return Ok(self.client.send(request).await?) };
        let turn = self.counters().entry(namespace.clone()).or_default().next(&what);
        let fault = match turn {
            Turn::Pass => return self.pass(&namespace, &what, request).await,
            Turn::Held => None,
            Turn::Hit(fault) => Some(fault),
        };
        match fault.map(|fault| fault.moment) {
            None => {}
            Some(Moment::Before) => drop(self.hit.send_replace(true)),
            Some(Moment::During(late)) => {
                self.hit.send_replace(true);
                kills.changed().await?;
                tokio::time::sleep(late).await;
                return self.pass(&namespace, &what, request).await;
            }
            Some(Moment::After) => {
                let answer = self.pass(&namespace, &what, request).await;
                self.hit.send_replace(true);
                kills.changed().await?;
                return answer;
            }
        }
        kills.changed().await?;
        bail!("the process that has sent this was killed")
    }

    async fn pass(&self, namespace: &str, what: &str, request: Request<Body>) -> Result<Response<Body>> {
        let answer = self.client.send(request).await?;
        let line = format!("{what} {}", answer.status().as_u16());
        self.counters().entry(namespace.to_owned()).or_default().passed(line);
        Ok(answer)
    }
}

/// The namespace of a write, and what is written; events and leases don't count.
fn write<T>(request: &Request<T>) -> Option<(String, String)> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let path = request.uri().path();
    let (_, within) = path.split_once("/namespaces/")?;
    let (namespace, object) = within.split_once('/')?;
    let is_counted = !["events", "leases"].iter().any(|kind| object.starts_with(kind));
    is_counted.then(|| (namespace.to_owned(), format!("{} {object}", request.method())))
}
