//! Proves that all contenders write the same: compares byte for byte what the API server received during the warm-up.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use e2e::audit::{IN_FULL, Request};
use serde_json::Value;

use crate::stage::Stage;

/// Request bodies by verb, path and parameters.
pub(crate) type Sent = BTreeMap<String, String>;

/// All requests of the warm-up, with placeholders for the values that must differ: UIDs, the hash over them, and the time.
pub(crate) fn sent(stage: &Stage) -> Result<Sent> {
    let mut sent = Sent::new();
    // Lists write nothing: the operator reads what others have in the namespace of a first app.
    let written = |request: &Request| request.namespace == IN_FULL && request.verb != "list";
    for request in stage.requests()?.into_iter().filter(written) {
        let body = request.body.context("a request without a body")?;
        let value: Value = serde_json::from_str(&body)?;
        let text = |pointer| value.pointer(pointer).and_then(Value::as_str);
        let mut same = body.clone();
        let given = [
            (text("/metadata/ownerReferences/0/uid"), "UID"),
            (text("/metadata/annotations/hardened.dev~1applied-hash"), "HASH"),
            (text("/0/value"), "UID"),
            (text("/1/value/conditions/0/lastTransitionTime"), "TIME"),
            (text("/1/value/release/since"), "TIME"),
        ];
        // A component that hasn't run yet is listed with the hash of its Deployment.
        let components = value.pointer("/1/value/components").and_then(Value::as_array).into_iter().flatten();
        let settled = components.map(|component| (component.get("settled").and_then(Value::as_str), "HASH"));
        for (found, word) in given.into_iter().chain(settled) {
            if let Some(found) = found {
                same = same.replace(found, word);
            }
        }
        let repeated = sent.insert(format!("{} {}", request.verb, request.uri), same);
        ensure!(repeated.is_none(), "sent twice: {} {}", request.verb, request.uri);
    }
    Ok(sent)
}

/// Checks that all contenders sent the same requests; returns their number.
pub(crate) fn all_the_same(contenders: &[Sent]) -> Result<usize> {
    let (first, others) = contenders.split_first().context("no contender sent a request")?;
    for other in others {
        let differing = first.iter().find(|(request, body)| other.get(*request) != Some(body));
        if let Some((request, body)) = differing {
            anyhow::bail!("{request} differs:\n{body}\n{}", other.get(request).map_or("not sent", String::as_str));
        }
        ensure!(first.len() == other.len(), "{} and {} requests", first.len(), other.len());
    }
    Ok(first.len())
}
