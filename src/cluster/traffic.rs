//! Counts every request to the API server, whichever module sends it, and records the activity of every watch. Plain
//! numbers, which `ops` turns into metrics.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task,
    time::{Duration, Instant, SystemTime},
};

use http::{Request, Response};
use kube::client::Body;
use tower::{Layer, Service};

/// The requests of this process to the API server.
#[derive(Debug, Default)]
pub struct Traffic(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    requests: BTreeMap<(String, Option<u16>), u64>,
    watches: BTreeMap<String, Watched>,
}

/// A watch, known by its requests: a list, then one watch request after the other.
#[derive(Debug)]
struct Watched {
    asked: Instant,
    answered: Option<SystemTime>,
    /// The code with which the last list or watch was refused, if it was.
    refused: Option<u16>,
}

impl Traffic {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests of each method had each answer; None where there was none.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<(String, Option<u16>), u64> {
        self.state().requests.clone()
    }

    /// When the API server last granted a list or watch of each resource that is watched.
    #[must_use]
    pub fn watches(&self) -> BTreeMap<String, Option<SystemTime>> {
        self.state().watches.iter().map(|(path, watch)| (resource(path).to_owned(), watch.answered)).collect()
    }

    /// The watched resources of which no list was granted yet, and the code of the last refusal.
    #[must_use]
    pub fn waiting(&self) -> Vec<(String, Option<u16>)> {
        let state = self.state();
        let waiting = state.watches.iter().filter(|(_, watch)| watch.answered.is_none() || watch.refused.is_some());
        waiting.map(|(path, watch)| (resource(path).to_owned(), watch.refused)).collect()
    }

    /// The watched resources whose last request was sent longer ago than this.
    #[must_use]
    pub fn silent(&self, longest: Duration) -> Vec<String> {
        let state = self.state();
        let silent = state.watches.iter().filter(|(_, watch)| watch.asked.elapsed() > longest);
        silent.map(|(path, _)| resource(path).to_owned()).collect()
    }

    /// From here on the resource at this path is watched.
    pub(super) fn expect(&self, path: &str) {
        self.state().watches.insert(path.to_owned(), Watched { asked: Instant::now(), answered: None, refused: None });
    }

    /// The resource at this path isn't watched any more.
    pub(super) fn forget(&self, path: &str) {
        self.state().watches.remove(path);
    }

    fn asked(&self, path: &str) {
        if let Some(watch) = self.state().watches.get_mut(path) {
            watch.asked = Instant::now();
        }
    }

    fn answered(&self, method: &str, path: &str, code: Option<u16>) {
        let mut state = self.state();
        *state.requests.entry((method.to_owned(), code)).or_default() += 1;
        let granted = code.is_some_and(|code| (200..300).contains(&code));
        if let Some(watch) = state.watches.get_mut(path) {
            if granted {
                watch.answered = Some(SystemTime::now());
            }
            watch.refused = code.filter(|_| !granted);
        }
    }
}

/// The plural at the end of a path: what is watched, is watched in all namespaces.
fn resource(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The layer that counts the requests of a client. Outermost, so that it also counts requests that fail before they are
/// sent.
#[derive(Debug)]
pub(super) struct Count(pub(super) Arc<Traffic>);

/// A client whose requests are counted.
#[derive(Debug)]
pub(super) struct Counted<S> {
    inner: S,
    traffic: Arc<Traffic>,
}

impl<S> Layer<S> for Count {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, traffic: self.0.clone() }
    }
}

impl<S, B> Service<Request<Body>> for Counted<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        self.traffic.asked(&path);
        let mut pending = Pending { traffic: self.traffic.clone(), method, path, code: None };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            pending.code = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            // Dropped as a whole: otherwise the closure would capture only its field, and the rest would be dropped
            // when `call` returns.
            drop(pending);
            answer
        })
    }
}

/// Counts the request when it ends, also if its sender stopped waiting.
struct Pending {
    traffic: Arc<Traffic>,
    method: String,
    path: String,
    code: Option<u16>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.traffic.answered(&self.method, &self.path, self.code);
    }
}
