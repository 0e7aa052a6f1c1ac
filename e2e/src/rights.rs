//! The RBAC rights of an account, and which of them the audit log shows as used.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Deserialize;

/// One verb on one resource, for example `patch hardenedapps/status of hardened.dev`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    resource: String,
    group: String,
    verb: String,
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, group, verb } = self;
        let group = if group.is_empty() { "core" } else { group };
        write!(formatter, "{verb} {resource} of {group}")
    }
}

/// All rights that the rules of a role grant.
#[must_use]
pub fn granted(rules: &[PolicyRule]) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                let right =
                    |verb: &String| Right { resource: resource.clone(), group: group.clone(), verb: verb.clone() };
                rights.extend(rule.verbs.iter().map(right));
            }
        }
    }
    rights
}

/// The rights to list whatever may be watched.
#[must_use]
pub fn listed(rights: &BTreeSet<Right>) -> BTreeSet<Right> {
    let watched = rights.iter().filter(|right| right.verb == "watch");
    watched.map(|right| Right { verb: "list".to_owned(), ..right.clone() }).collect()
}

/// The rights that the requests of an account needed.
#[derive(Debug, Default)]
pub struct Asked {
    /// Requests that RBAC allowed.
    pub allowed: BTreeSet<Right>,
    /// Requests that RBAC denied.
    pub denied: BTreeSet<Right>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    user: User,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
    #[serde(default)]
    annotations: Annotations,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectRef {
    #[serde(default)]
    resource: String,
    #[serde(default)]
    api_group: String,
    subresource: Option<String>,
}

#[derive(Deserialize)]
struct ResponseStatus {
    code: u16,
}

/// The status code is not sufficient: an exceeded quota is also a 403.
#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(rename = "authorization.k8s.io/decision", default)]
    decision: String,
}

/// All rights that the requests of a user needed, by the audit log.
///
/// # Errors
/// When the log cannot be read, or is not an audit log.
pub fn asked(log: &Path, user: &str) -> Result<Asked> {
    let log = std::fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
    parse(&log, user)
}

fn parse(log: &str, user: &str) -> Result<Asked> {
    let mut asked = Asked::default();
    // The API server may be writing the last line.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines().filter(|line| line.contains(user)) {
        let event: Event = serde_json::from_str(line).with_context(|| format!("not an audit event: {line}"))?;
        let Some(object) = event.object_ref.filter(|_| event.user.username == user) else { continue };
        let resource = match object.subresource {
            Some(subresource) => format!("{}/{subresource}", object.resource),
            None => object.resource,
        };
        // An apply that creates also needs the right to create; the API server checks it without an audit event.
        let creates = event.verb == "patch" && event.response_status.is_some_and(|status| status.code == 201);
        let right = Right { resource, group: object.api_group, verb: event.verb };
        if creates {
            asked.allowed.insert(Right { verb: "create".to_owned(), ..right.clone() });
        }
        match event.annotations.decision.as_str() {
            "allow" => asked.allowed.insert(right),
            _ => asked.denied.insert(right),
        };
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"kind":"Event","verb":"patch","user":{"username":"u"},"objectRef":{"resource":"hardenedapps","subresource":"status","apiGroup":"hardened.dev"},"annotations":{"authorization.k8s.io/decision":"allow"}}"#;

    fn words(rights: &BTreeSet<Right>) -> Vec<String> {
        rights.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn allowed_and_denied_requests_are_separated() {
        let denied = LINE.replace("allow", "forbid").replace("patch", "update");
        let other = LINE.replace(r#""u""#, r#""uu""#).replace("patch", "delete");
        let asked = parse(&format!("{LINE}\n{denied}\n{other}\n{LINE}"), "u").unwrap();
        assert_eq!(words(&asked.allowed), ["patch hardenedapps/status of hardened.dev"]);
        assert_eq!(words(&asked.denied), ["update hardenedapps/status of hardened.dev"]);
    }

    #[test]
    fn an_apply_that_creates_uses_two_rights() {
        let line = LINE.replace(r#""annotations""#, r#""responseStatus":{"code":201},"annotations""#);
        let asked = parse(&format!("{line}\n"), "u").unwrap();
        let expected = ["create hardenedapps/status of hardened.dev", "patch hardenedapps/status of hardened.dev"];
        assert_eq!(words(&asked.allowed), expected);
    }

    #[test]
    fn a_role_grants_each_verb_on_each_resource() {
        let words_of = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let both = PolicyRule {
            api_groups: Some(words_of(&[""])),
            resources: Some(words_of(&["pods", "services"])),
            verbs: words_of(&["get", "list"]),
            ..Default::default()
        };
        let expected = ["get pods of core", "list pods of core", "get services of core", "list services of core"];
        assert_eq!(words(&granted(&[both])), expected);
    }
}
