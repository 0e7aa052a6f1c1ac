//! Writes are sent only within the tenure, and none outlasts it.

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt};
use http::{Request, Response};
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use tokio::{
    sync::Semaphore,
    time::{Instant, advance},
};
use tower::{BoxError, Layer, Service};

use super::server::Server;
use crate::{
    api::HardenedAppStatus,
    cluster::{
        Fence, LEASE_DURATION, RENEW_DEADLINE, Tenure, Writer,
        traffic::{Count, Traffic},
        write::LONGEST_CONNECT,
    },
    fixtures::id,
    plan::FailureClass,
};

/// Of [`RENEW_DEADLINE`], which is 10 s.
const JUST_BEFORE: Duration = Duration::from_millis(9999);

/// A network: requests are sent once it is connected, and those with `silent` in their path aren't answered.
#[derive(Clone)]
struct Wire {
    sent: Arc<Mutex<Vec<String>>>,
    connected: Arc<Semaphore>,
}

impl Wire {
    fn connected(connections: usize) -> Self {
        Self { sent: Arc::default(), connected: Arc::new(Semaphore::new(connections)) }
    }

    fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

impl Service<Request<Body>> for Wire {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (wire, line) = (self.clone(), format!("{} {}", request.method(), request.uri()));
        async move {
            wire.connected.acquire().await.unwrap().forget();
            wire.sent.lock().unwrap().push(line.clone());
            if line.contains("silent") { pending().await } else { Ok(Response::new(())) }
        }
        .boxed()
    }
}

fn request(method: &str, uri: &str) -> Request<Body> {
    Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
}

/// The answer, if it came at once.
fn sent(wire: &Wire, tenure: &Arc<Tenure>, method: &str, uri: &str) -> Option<Result<Response<()>, BoxError>> {
    Fence(tenure.clone()).layer(wire.clone()).call(request(method, uri)).now_or_never()
}

#[tokio::test(start_paused = true)]
async fn writes_pass_only_within_the_tenure_and_reads_always() {
    let (wire, tenure) = (Wire::connected(100), Arc::<Tenure>::default());
    let passing = || {
        let passes = |method: &&str| sent(&wire, &tenure, method, "/a").unwrap().is_ok();
        let passing: Vec<&str> = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(passes).collect();
        assert_eq!(wire.sent().len(), passing.len(), "what is refused isn't sent");
        passing
    };
    assert_eq!(passing(), ["GET"], "while it stands by");
    assert!(tenure.renewed(Instant::now()));
    assert_eq!(passing().len(), 5);
    advance(JUST_BEFORE).await;
    assert_eq!(passing().len(), 5);
    assert!(tenure.renewed(Instant::now()));
    advance(JUST_BEFORE).await;
    assert_eq!(passing().len(), 5, "each renewal counts");
    advance(Duration::from_millis(1)).await;
    assert_eq!(passing(), ["GET"], "after the deadline");

    let resigned = Arc::<Tenure>::default();
    assert!(resigned.renewed(Instant::now()));
    resigned.end();
    assert!(sent(&wire, &resigned, "PATCH", "/a").unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn the_api_server_is_told_to_end_a_write_before_the_lease_ends() {
    let (wire, tenure) = (Wire::connected(100), Arc::<Tenure>::default());
    let began = Instant::now();
    assert!(tenure.renewed(began));
    for (after, uri, expected) in [
        (Duration::ZERO, "/a", "PATCH /a?timeout=11s"),
        (Duration::from_millis(2500), "/a?&force=true", "PATCH /a?&force=true&timeout=8s"),
        (Duration::from_secs(7), "/a?b=c", "PATCH /a?b=c&timeout=4s"),
        (JUST_BEFORE, "/a", "PATCH /a?timeout=1s"),
    ] {
        advance(after.saturating_sub(began.elapsed())).await;
        sent(&wire, &tenure, "PATCH", uri).unwrap().unwrap();
        let line = wire.sent().remove(0);
        assert_eq!(line, expected);
        assert!(began.elapsed() + time_of(&line) < LEASE_DURATION);
    }
    sent(&wire, &tenure, "GET", "/a?watch=true").unwrap().unwrap();
    assert_eq!(wire.sent(), ["GET /a?watch=true"]);
}

/// How long the API server may work on it.
fn time_of(line: &str) -> Duration {
    Duration::from_secs(line.rsplit('=').next().unwrap().strip_suffix('s').unwrap().parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_write_that_waits_for_a_connection_ends_before_the_lease_ends() {
    for handed_over in [0, 200, 2500, 6900].map(Duration::from_millis) {
        let (wire, tenure) = (Wire::connected(0), Arc::<Tenure>::default());
        let began = Instant::now();
        assert!(tenure.renewed(began));
        advance(handed_over).await;
        let mut write = Fence(tenure.clone()).layer(wire.clone()).call(request("PATCH", "/silent"));
        assert!((&mut write).now_or_never().is_none(), "it waits");
        advance(LONGEST_CONNECT).await;
        wire.connected.add_permits(1);
        assert!((&mut write).now_or_never().is_none(), "it is sent, and not answered");
        let (sent, time) = (began.elapsed(), time_of(&wire.sent().remove(0)));
        assert!(sent + time < LEASE_DURATION, "sent after {sent:?}, for {time:?}");

        tenure.end();
        drop(write);
        advance(time.saturating_sub(Duration::from_millis(1))).await;
        assert!(!tenure.has_ended_in_order(), "the API server may work on it");
        advance(Duration::from_millis(1)).await;
        assert!(tenure.has_ended_in_order());
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_a_connection_is_not_sent_after_the_tenure() {
    let (wire, tenure) = (Wire::connected(0), Arc::<Tenure>::default());
    assert!(tenure.renewed(Instant::now()));
    let mut write = Fence(tenure.clone()).layer(wire.clone()).call(request("PATCH", "/a"));
    assert!((&mut write).now_or_never().is_none(), "it waits");
    advance(RENEW_DEADLINE).await;
    wire.connected.add_permits(1);
    assert!(write.now_or_never().unwrap().is_err());
    assert_eq!(wire.sent(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_counts_until_the_api_server_has_ended_it() {
    let (wire, tenure) = (Wire::connected(100), Arc::<Tenure>::default());
    assert!(tenure.renewed(Instant::now()));
    sent(&wire, &tenure, "PATCH", "/a").unwrap().unwrap();
    assert!(sent(&wire, &tenure, "GET", "/silent").is_none());
    tenure.end();
    assert!(tenure.has_ended_in_order(), "all writes are answered");

    let tenure = Arc::<Tenure>::default();
    assert!(tenure.renewed(Instant::now()));
    assert!(sent(&wire, &tenure, "PATCH", "/silent").is_none());
    assert!(!tenure.has_ended_in_order(), "it still writes");
    tenure.end();
    assert!(!tenure.has_ended_in_order());
    advance(LONGEST_CONNECT + Duration::from_secs(11)).await;
    assert!(tenure.has_ended_in_order());
}

/// A failure that says nothing about the app, and no request.
#[tokio::test]
async fn a_write_that_is_not_sent_is_no_failure_of_the_api_server() {
    let (server, traffic) = (Server::default(), Arc::<Traffic>::default());
    let builder = ClientBuilder::new(server.clone(), "default").with_layer(&Count(traffic.clone()));
    let client: Client = builder.with_layer(&Fence(Arc::default())).build();
    let writer = Writer::new(client, None);
    let failure = writer.status(&id(), &HardenedAppStatus::default()).await.unwrap_err();
    assert!(failure.is_not_leading(), "{}", failure.in_words());
    assert_eq!((failure.class(), failure.status()), (FailureClass::Unavailable, None));
    assert_eq!(server.finish(), [serde_json::Value::Null; 0]);
    assert!(traffic.requests().is_empty());
}
