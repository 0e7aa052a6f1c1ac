//! Requests are counted whatever their result, and the activity of watches is recorded.

use std::{
    convert::Infallible,
    future::{pending, ready},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response};
use kube::client::Body;
use tower::{Layer, Service};

use crate::cluster::traffic::{Count, Counted, Traffic};

const PATH: &str = "/apis/apps/v1/deployments";

/// Answers with the code that the query names, or never.
struct Server;

impl Service<Request<Body>> for Server {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match request.uri().query() {
            Some(code) => ready(Ok(Response::builder().status(code).body(()).unwrap())).boxed(),
            None => pending().boxed(),
        }
    }
}

fn counted() -> (Arc<Traffic>, Counted<Server>) {
    let traffic = Arc::<Traffic>::default();
    let service = Count(traffic.clone()).layer(Server);
    (traffic, service)
}

fn request(method: &str, uri: &str) -> Request<Body> {
    Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
}

#[test]
fn each_request_counts_once_by_method_and_answer() {
    let (traffic, mut service) = counted();
    for uri in ["/a?200", "/b?200", "/a?409"] {
        service.call(request("PATCH", uri)).now_or_never().unwrap().unwrap();
    }
    // Its sender stops waiting.
    drop(service.call(request("GET", "/a")));
    let expected = [(("GET", None), 1), (("PATCH", Some(200)), 2), (("PATCH", Some(409)), 1)];
    let expected = expected.map(|((method, code), count)| ((method.to_owned(), code), count));
    assert_eq!(traffic.requests(), expected.into());
}

#[test]
fn a_watch_is_silent_without_requests_and_answered_only_if_granted() {
    let (traffic, mut service) = counted();
    assert!(traffic.silent(Duration::ZERO).is_empty(), "nothing is watched yet");
    let expected = Instant::now();
    traffic.expect(PATH);
    // Silence is measured as a duration, so some time has to pass.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(traffic.silent(Duration::ZERO), ["deployments"]);
    service.call(request("GET", &format!("{PATH}?403"))).now_or_never().unwrap().unwrap();
    assert!(traffic.silent(expected.elapsed()).is_empty(), "asking is a sign of life, refused or not");
    assert_eq!(traffic.watches(), [("deployments".to_owned(), None)].into());
    assert_eq!(traffic.waiting(), [("deployments".to_owned(), Some(403))]);
    service.call(request("GET", &format!("{PATH}?200"))).now_or_never().unwrap().unwrap();
    assert!(traffic.watches()["deployments"].is_some());
    assert_eq!(traffic.waiting(), []);
    service.call(request("GET", "/api/v1/pods?200")).now_or_never().unwrap().unwrap();
    assert_eq!(traffic.watches().len(), 1, "only what is watched is listed");
}
