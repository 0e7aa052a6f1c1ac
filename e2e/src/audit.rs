//! Reads the API server's audit log: which requests a client really sends.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A request with its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Plural, for example `deployments`.
    pub resource: String,
    /// For example `status` or `token`.
    pub subresource: Option<String>,
    /// None for lists, and for objects created with `generateName`.
    pub name: Option<String>,
    /// The namespace of the object; empty for cluster-scoped objects and for lists over all namespaces.
    pub namespace: String,
    /// HTTP status code of the response.
    pub code: u16,
    /// For example `system:serviceaccount:<namespace>:<name>`.
    pub user: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Whether the request has `dryRun=All`.
    pub dry_run: bool,
    /// When the API server received the request.
    pub time: Timestamp,
    /// When it had answered.
    pub answered: Timestamp,
    /// Path and parameters.
    pub uri: String,
    /// The request body as sent, except for whitespace. Logged only for the namespace [`IN_FULL`].
    pub body: Option<String>,
}

/// The audit policy logs request bodies only for the namespace of this name.
pub const IN_FULL: &str = "logged-in-full";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
    request_received_timestamp: Timestamp,
    stage_timestamp: Timestamp,
    request_object: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct ObjectRef {
    resource: Option<String>,
    subresource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct ResponseStatus {
    code: u16,
}

/// All requests of one user for objects of one namespace, without watches, in the order of their responses.
///
/// # Errors
/// When the log cannot be read, or is not an audit log.
pub fn requests(log: &Path, namespace: &str, user: &str) -> Result<Vec<Request>> {
    let mut requests = read(log, &[namespace, user])?;
    requests.retain(|request| request.namespace == namespace && request.user == user && !request.is_watch());
    Ok(requests)
}

/// All requests of one user, without watches, in the order of their responses.
///
/// # Errors
/// When the log cannot be read, or is not an audit log.
pub fn all_requests(log: &Path, user: &str) -> Result<Vec<Request>> {
    let mut requests = requests_and_watches(log, user)?;
    requests.retain(|request| !request.is_watch());
    Ok(requests)
}

/// All requests of one user, in the order of their responses; a watch where it begins.
///
/// # Errors
/// When the log cannot be read, or is not an audit log.
pub fn requests_and_watches(log: &Path, user: &str) -> Result<Vec<Request>> {
    let mut requests = read(log, &[user])?;
    requests.retain(|request| request.user == user);
    Ok(requests)
}

/// Filters the lines before parsing: most belong to other users, and parsing dominates the run time.
fn read(log: &Path, words: &[&str]) -> Result<Vec<Request>> {
    let log = std::fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
    let lines = log.split_inclusive('\n').filter(|line| words.iter().all(|word| line.contains(word)));
    parse(&lines.collect::<String>())
}

/// The number of requests by verb and resource, for example `patch deployments/scale`.
#[must_use]
pub fn summary(requests: &[Request]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for Request { verb, resource, subresource, .. } in requests {
        let target = match subresource {
            Some(subresource) => format!("{verb} {resource}/{subresource}"),
            None => format!("{verb} {resource}"),
        };
        *counts.entry(target).or_default() += 1;
    }
    counts
}

fn parse(log: &str) -> Result<Vec<Request>> {
    // The API server may be writing the last line.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let events = whole
        .lines()
        .map(|line| serde_json::from_str::<Event>(line).with_context(|| format!("not an audit event: {line}")));
    events.filter_map(|event| event.map(request).transpose()).collect()
}

impl Request {
    /// A watch stays open and does not count as work.
    fn is_watch(&self) -> bool {
        self.verb == "watch"
    }
}

/// None for requests that are not about objects.
fn request(event: Event) -> Option<Request> {
    let object = event.object_ref?;
    let (resource, code) = (object.resource?, event.response_status?.code);
    Some(Request {
        verb: event.verb,
        resource,
        subresource: object.subresource,
        name: object.name,
        namespace: object.namespace.unwrap_or_default(),
        code,
        user: event.user.username,
        user_agent: event.user_agent,
        dry_run: event.request_uri.contains("dryRun=All"),
        time: event.request_received_timestamp,
        answered: event.stage_timestamp,
        uri: event.request_uri,
        body: event.request_object.map(|body| body.get().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"kind":"Event","stage":"ResponseComplete","requestURI":"/apis/apps/v1/namespaces/n/deployments/d?dryRun=All","verb":"patch","user":{"username":"u"},"objectRef":{"resource":"deployments","namespace":"n","name":"d","apiGroup":"apps"},"responseStatus":{"metadata":{},"code":409},"requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z","stageTimestamp":"2026-01-02T03:04:05.000007Z"}"#;

    #[test]
    fn parses_code_and_dry_run() {
        let requests = parse(&format!("{LINE}\n")).unwrap();
        assert_eq!(requests.len(), 1);
        assert_eq!((requests[0].code, requests[0].dry_run), (409, true));
        assert_eq!(summary(&requests), BTreeMap::from([("patch deployments".to_owned(), 1)]));
    }

    #[test]
    fn ignores_an_incomplete_last_line() {
        let (half, _) = LINE.split_at(100);
        assert_eq!(parse(&format!("{LINE}\n{half}")).unwrap().len(), 1);
        assert_eq!(parse(half).unwrap(), []);
    }

    #[test]
    fn keeps_the_request_body_unchanged() {
        let sent = r#"{"b":1,"a":[2]}"#;
        let line = LINE.replace(r#""verb""#, &format!(r#""requestObject":{sent},"verb""#));
        let requests = parse(&format!("{line}\n")).unwrap();
        assert_eq!(requests[0].body.as_deref(), Some(sent));
        assert!(requests[0].uri.ends_with("?dryRun=All"), "{}", requests[0].uri);
    }

    #[test]
    fn tells_watches_apart() {
        let watch = LINE.replace(r#""verb":"patch""#, r#""verb":"watch""#);
        let requests = parse(&format!("{LINE}\n{watch}\n")).unwrap();
        assert_eq!(requests.iter().map(Request::is_watch).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn fails_on_a_line_that_is_not_json() {
        assert!(parse("hello\n").is_err());
    }
}
