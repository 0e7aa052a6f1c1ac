//! Lets requests that change something pass only while this process leads. The outermost layer of the client, so that no request, whichever
//! module sends it, gets around it, and none that it refuses counts as one.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task,
    time::Duration,
};

use http::{Method, Request, Response};
use kube::client::Body;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

use super::tenure::{LONGEST_CONNECT, Tenure};

/// A request was not sent, or its answer not awaited: this process doesn't hold the lease.
#[derive(Debug, thiserror::Error)]
#[error("this process doesn't lead")]
pub(super) struct NotLeading;

impl NotLeading {
    pub(super) fn is(error: &kube::Error) -> bool {
        matches!(error, kube::Error::Service(cause) if cause.is::<Self>())
    }
}

/// The layer that refuses writes outside of the tenure.
#[derive(Debug)]
pub struct Fence(pub Arc<Tenure>);

/// A client that writes only within the tenure.
#[derive(Debug)]
pub struct Fenced<S> {
    inner: S,
    tenure: Arc<Tenure>,
}

impl<S> Layer<S> for Fence {
    type Service = Fenced<S>;

    fn layer(&self, inner: S) -> Fenced<S> {
        Fenced { inner, tenure: self.0.clone() }
    }
}

impl<S, B> Service<Request<Body>> for Fenced<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> task::Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            let answer = self.inner.call(request);
            return Box::pin(async { answer.await.map_err(Into::into) });
        }
        let Some(time) = self.tenure.time_for_a_write() else {
            return Box::pin(async { Err(NotLeading.into()) });
        };
        limit(&mut request, time);
        let until = Instant::now() + LONGEST_CONNECT + time;
        let mut pending = Pending { tenure: self.tenure.clone(), until, is_answered: false };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = while_held(&pending.tenure, answer).await;
            pending.is_answered = answer.is_ok();
            // Dropped as a whole: otherwise the closure would capture only its fields.
            drop(pending);
            answer
        })
    }
}

/// Gives the request up when the tenure has ended. Asked before each step of it: the request may still wait for a connection.
async fn while_held<B, E: Into<BoxError>>(
    tenure: &Tenure,
    answer: impl Future<Output = Result<Response<B>, E>>,
) -> Result<Response<B>, BoxError> {
    let mut answer = pin!(answer);
    std::future::poll_fn(|context| {
        if tenure.is_held() {
            answer.as_mut().poll(context).map_err(Into::into)
        } else {
            task::Poll::Ready(Err(NotLeading.into()))
        }
    })
    .await
}

/// Tells the API server how long it may work on a request: this process can't end one that was sent while it is itself stopped.
/// "`WithRequestDeadline` determines the timeout duration applicable to the given request and sets a new context with the appropriate
/// deadline": <https://github.com/kubernetes/apiserver/blob/v0.36.3/pkg/endpoints/filters/request_deadline.go>
fn limit(request: &mut Request<Body>, time: Duration) {
    let uri = request.uri();
    let joint = if uri.query().is_some() { "&" } else { "?" };
    if let Ok(uri) = format!("{uri}{joint}timeout={}s", time.as_secs()).parse() {
        *request.uri_mut() = uri;
    }
}

/// Records a write that ends without an answer, also if its sender stopped waiting.
struct Pending {
    tenure: Arc<Tenure>,
    until: Instant,
    is_answered: bool,
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_answered {
            self.tenure.unanswered(self.until);
        }
    }
}
