//! How objects are listed: as a stream, or where the API server can't, in pages. A server of the second kind is no longer built, so
//! it is a scripted one.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    task,
};

use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt, ready},
    pin_mut,
};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    client::Body,
    runtime::watcher::{Error, Event},
};
use serde_json::json;
use tower::{Layer, Service, util::MapRequestLayer};

use crate::cluster::{client::consistent, events};

/// Answers lists and refuses to stream them; records the queries.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<String>>>);

impl Service<Request<Body>> for Server {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (code, answer) = if query.contains("sendInitialEvents") {
            let message = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            (
                422,
                json!({ "kind": "Status", "status": "Failure", "message": message, "reason": "Invalid", "code": 422 }),
            )
        } else {
            let pod = json!({ "metadata": { "name": "p", "namespace": "demo", "resourceVersion": "3" } });
            (
                200,
                json!({ "apiVersion": "v1", "kind": "PodList", "metadata": { "resourceVersion": "7" }, "items": [pod] }),
            )
        };
        self.0.lock().unwrap().push(query);
        ready(Ok(Response::builder().status(code).body(Full::from(answer.to_string())).unwrap())).boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn objects_are_listed_in_pages_where_the_api_server_doesnt_stream_lists() {
    let server = Server::default();
    let client = Client::new(MapRequestLayer::new(consistent).layer(server.clone()), "default");
    let events = events(Api::<Pod>::all(client), Some("a=b"));
    pin_mut!(events);
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(match events.next().await.unwrap() {
            Ok(Event::Init) => "begins",
            Ok(Event::InitApply(_)) => "object",
            Ok(Event::InitDone) => "ends",
            Err(Error::WatchStartFailed(_)) => "refused",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(names, ["begins", "object", "ends"], "the refusal is no event");
    let queries = server.0.lock().unwrap().clone();
    let [streamed, listed] = queries.as_slice() else { panic!("{queries:?}") };
    assert!(
        streamed.contains("labelSelector=a%3Db") && streamed.contains("resourceVersionMatch=NotOlderThan"),
        "{streamed}"
    );
    assert!(!streamed.contains("resourceVersion="), "as new as possible, not whatever a cache has: {streamed}");
    assert!(listed.contains("limit=10") && listed.contains("labelSelector=a%3Db"), "{listed}");
}
