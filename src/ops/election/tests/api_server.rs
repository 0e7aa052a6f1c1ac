//! An API server that stores one Lease, as the real one does: who replaces another version than the stored one gets a conflict.

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tower::Service;

/// The API server.
#[derive(Clone, Default)]
pub(super) struct ApiServer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lease: Option<Value>,
    version: u64,
    requests: Vec<Sent>,
}

/// A request with its answer.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) by: &'static str,
    pub(super) method: Method,
    pub(super) code: u16,
    /// When it reached the API server.
    pub(super) at: Instant,
}

/// What happens to the requests of one replica.
#[derive(Clone, Default)]
pub(super) struct Network {
    trouble: Arc<Mutex<Trouble>>,
    delivery: Arc<Notify>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Trouble {
    #[default]
    None,
    /// Requests get lost.
    NoWayThere,
    /// Answers get lost.
    NoWayBack,
    /// Answers take this long.
    Slow(Duration),
    /// A request arrives when it is delivered, also if its sender has stopped waiting, and its answer gets lost.
    Late,
}

impl Network {
    pub(super) fn set(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Lets a request arrive that is [`Trouble::Late`].
    pub(super) fn deliver(&self) {
        self.delivery.notify_one();
    }
}

impl ApiServer {
    pub(super) fn client(&self, by: &'static str, network: &Network) -> Client {
        Client::new(Line { server: self.clone(), by, network: network.clone() }, "default")
    }

    /// The record that is stored.
    pub(super) fn record(&self) -> Option<Value> {
        Some(self.0.lock().unwrap().lease.as_ref()?["spec"].clone())
    }

    /// Stores a record, as a client without a fault would, or removes the lease.
    pub(super) fn store(&self, record: Option<Value>) {
        let mut state = self.0.lock().unwrap();
        state.version += 1;
        let version = state.version.to_string();
        let metadata = json!({ "name": "hardened-app", "namespace": "hardened-system", "resourceVersion": version });
        state.lease = record.map(|spec| {
            json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec })
        });
    }

    /// All requests of a replica that have reached it.
    pub(super) fn requests(&self, by: &str) -> Vec<Sent> {
        self.0.lock().unwrap().requests.iter().filter(|request| request.by == by).cloned().collect()
    }

    /// When a record of this replica was stored last.
    pub(super) fn last_stored(&self, by: &str) -> Instant {
        let stored = |request: &&Sent| request.method != Method::GET && request.code < 300;
        self.requests(by).iter().rfind(stored).unwrap().at
    }

    fn answer(&self, by: &'static str, method: &Method, body: &Value) -> (u16, Value) {
        let (exists, current) = {
            let state = self.0.lock().unwrap();
            let sent = body.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned);
            (state.lease.is_some(), sent == Some(state.version.to_string()))
        };
        let code = match (method.as_str(), exists, current) {
            ("GET" | "PUT", false, _) => 404,
            ("POST", true, _) | ("PUT", true, false) => 409,
            _ => 200,
        };
        if code == 200 && method != Method::GET {
            self.store(Some(body["spec"].clone()));
        }
        let mut state = self.0.lock().unwrap();
        state.requests.push(Sent { by, method: method.clone(), code, at: Instant::now() });
        let reason = if code == 404 { "NotFound" } else { "Conflict" };
        let failure = json!({ "kind": "Status", "status": "Failure", "message": "", "reason": reason, "code": code });
        (code, if code == 200 { state.lease.clone().unwrap() } else { failure })
    }
}

/// A replica's way to the API server.
#[derive(Clone)]
struct Line {
    server: ApiServer,
    by: &'static str,
    network: Network,
}

impl Service<Request<Body>> for Line {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Self { server, by, network } = self.clone();
        async move {
            let trouble = *network.trouble.lock().unwrap();
            if matches!(trouble, Trouble::NoWayThere) {
                return pending().await;
            }
            let (head, body) = request.into_parts();
            let body = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or_default();
            if matches!(trouble, Trouble::Late) {
                tokio::spawn(async move {
                    network.delivery.notified().await;
                    server.answer(by, &head.method, &body);
                });
                return pending().await;
            }
            let (code, answer) = server.answer(by, &head.method, &body);
            match trouble {
                Trouble::NoWayBack => return pending().await,
                Trouble::Slow(time) => sleep(time).await,
                Trouble::None | Trouble::NoWayThere | Trouble::Late => {}
            }
            Ok(Response::builder().status(code).body(Full::from(answer.to_string())).unwrap())
        }
        .boxed()
    }
}
