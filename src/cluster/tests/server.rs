//! An API server that follows a script: which requests it expects, in which order, and what it answers.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use futures::future::{BoxFuture, FutureExt, pending};
use http::{Method, Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tower::Service;

/// What the server answers.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// 200 with an object.
    Object(Value),
    /// A failure with this code.
    Code(u16),
    /// Nothing, ever.
    Silence,
}

/// The requests that are expected, with their answers, and those that came unexpectedly.
#[derive(Clone, Debug, Default)]
pub(super) struct Server(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
struct Script {
    expected: VecDeque<(String, Answer)>,
    unexpected: Vec<String>,
    bodies: Vec<Value>,
}

impl Server {
    pub(super) fn client(&self) -> Client {
        Client::new(self.clone(), "default")
    }

    /// Adds a request that is expected next, as `verb resource`.
    pub(super) fn expect(&self, request: &str, answer: Answer) {
        self.0.lock().unwrap().expected.push_back((request.to_owned(), answer));
    }

    /// Asserts that exactly the expected requests have come; returns their bodies and forgets them.
    pub(super) fn finish(&self) -> Vec<Value> {
        let mut script = self.0.lock().unwrap();
        assert_eq!(script.unexpected, Vec::<String>::new(), "requests that weren't expected, or not then");
        let missing: Vec<&String> = script.expected.iter().map(|(request, _)| request).collect();
        assert_eq!(missing, Vec::<&String>::new(), "requests that didn't come");
        std::mem::take(&mut script.bodies)
    }

    fn answer(&self, request: String, body: Value) -> Answer {
        let mut script = self.0.lock().unwrap();
        script.bodies.push(body);
        if script.expected.front().is_some_and(|(expected, _)| *expected == request) {
            return script.expected.pop_front().unwrap().1;
        }
        script.unexpected.push(request);
        Answer::Code(500)
    }
}

/// The request as `verb resource`; a creation is an apply of version 1.
fn name(method: &Method, path: &str, content_type: &str, body: &Value) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    let namespace = segments.iter().position(|segment| *segment == "namespaces").unwrap();
    let resource = segments[namespace + 2];
    let verb = match (method.as_str(), content_type) {
        ("PATCH", "application/apply-patch+yaml") if body["metadata"]["resourceVersion"] == "1" => "create",
        ("PATCH", "application/apply-patch+yaml") => "apply",
        ("PATCH", "application/json-patch+json") => "patch",
        ("GET", _) if segments.len() == namespace + 3 => "list",
        ("GET", _) => "get",
        ("DELETE", _) => "delete",
        other => panic!("{other:?} {path}"),
    };
    format!("{verb} {resource}")
}

impl Service<Request<Body>> for Server {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let server = self.clone();
        async move {
            let (head, body) = request.into_parts();
            let content_type = head.headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap()).to_owned();
            let body = body.collect().await.unwrap().to_bytes();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let request = name(&head.method, head.uri.path(), &content_type, &body);
            let (code, answer) = match server.answer(request, body) {
                Answer::Object(object) => (200, object),
                Answer::Code(code) => {
                    let message = format!("answered {code}");
                    (code, json!({ "kind": "Status", "status": "Failure", "message": message, "reason": "", "code": code }))
                }
                Answer::Silence => pending().await,
            };
            Ok(Response::builder().status(code).body(Full::from(answer.to_string())).unwrap())
        }
        .boxed()
    }
}
