//! Status entries for drift: values if they are harmless to show, a short hash if they may be confidential.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::Value;

use super::{compare::Difference, ownership::Claim, path::Path};
use crate::{
    api::{DriftChange, DriftItem},
    app::short_hash,
    desired::Child,
};

/// Fields whose text isn't confidential and shows what was changed. Everything else (environment, arguments,
/// annotations …) is hashed.
const SHOWN: [&str; 25] = [
    "cidr",
    "clusterIP",
    "containerPort",
    "dnsPolicy",
    "except",
    "externalIPs",
    "externalTrafficPolicy",
    "image",
    "imagePullPolicy",
    "kind",
    "mountPath",
    "name",
    "nodeName",
    "nodePort",
    "path",
    "policyTypes",
    "port",
    "protocol",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "serviceAccountName",
    "sessionAffinity",
    "targetPort",
    "type",
];

/// Leaves of an added object that show how dangerous it is.
const TELLING: [&str; 10] = [
    "/image",
    "/securityContext/privileged",
    "/securityContext/runAsUser",
    "/securityContext/allowPrivilegeEscalation",
    "/hostPath/path",
    "/secret/secretName",
    "/mountPath",
    "/nodePort",
    "/port",
    "/containerPort",
];

/// Longest path shown.
const LONGEST_PATH: usize = 256;

/// Longest value shown.
const LONGEST: usize = 128;

/// The status entry for a difference.
pub(super) fn drift_item(child: &Child, difference: &Difference, claim: Option<&Claim>, dangerous: bool) -> DriftItem {
    let leaf = difference.path.leaf();
    let uid = child.body.pointer("/metadata/ownerReferences/0/uid").and_then(Value::as_str).unwrap_or_default();
    let public = child.kind.rules.public && !difference.path.is_within("metadata");
    let show = |value: &Value| match value {
        Value::Array(members) if difference.path.is_order() => order(members),
        _ if public => plain(value),
        _ => show(leaf, value, uid),
    };
    let shown = |value: &Option<Value>| value.as_ref().map(show).unwrap_or_default();
    DriftItem {
        kind: child.kind.name.to_owned(),
        name: child.name.clone(),
        path: short(&difference.path),
        change: difference.change,
        dangerous,
        desired: shown(&difference.desired),
        live: shown(&difference.live),
        manager: claim.map(|claim| claim.manager.clone()).unwrap_or_default(),
        since: claim.and_then(|claim| claim.time).map(Time),
    }
}

/// At most this many items, in their order. Harmless ones are dropped first: they must not hide those that weaken the
/// workload.
#[must_use]
pub fn most_dangerous(mut items: Vec<DriftItem>, most: usize) -> Vec<DriftItem> {
    let mut surplus = items.len().saturating_sub(most);
    while surplus > 0 {
        let harmless = items.iter().rposition(|item| !item.dangerous);
        items.remove(harmless.unwrap_or(items.len() - 1));
        surplus -= 1;
    }
    items
}

/// A path, cut if it is too long: a client could choose a long name to fill the status.
pub(super) fn short(path: &Path) -> String {
    let path = path.to_string();
    if path.chars().count() <= LONGEST_PATH {
        return path;
    }
    format!("{}… ({})", path.chars().take(LONGEST_PATH).collect::<String>(), short_hash(&path))
}

/// The status entry for a deleted object. Who deleted it isn't recorded anywhere that the operator may read.
pub(in crate::plan) fn deleted_item(child: &Child) -> DriftItem {
    DriftItem {
        kind: child.kind.name.to_owned(),
        name: child.name.clone(),
        path: String::new(),
        change: DriftChange::Deleted,
        dangerous: true,
        desired: String::new(),
        live: String::new(),
        manager: String::new(),
        since: None,
    }
}

/// The status entry for an object whose reference to the app was removed.
pub(super) fn disowned_item(child: &Child) -> DriftItem {
    DriftItem { path: "metadata.ownerReferences".to_owned(), change: DriftChange::Removed, ..deleted_item(child) }
}

/// The status entry for a section of an object that isn't compared field by field; `by` says who changed it, and when.
pub(super) fn uncompared_item(
    child: &Child,
    path: &str,
    length: usize,
    by: Option<(String, Option<Timestamp>)>,
) -> DriftItem {
    let (manager, since) = by.unwrap_or_default();
    DriftItem {
        path: path.to_owned(),
        change: DriftChange::Changed,
        live: format!("{} KiB, not compared field by field", length.div_ceil(1024)),
        manager,
        since: since.map(Time),
        ..deleted_item(child)
    }
}

/// A value as it is.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().take(LONGEST).collect()
}

/// The names of a list's members: paths show them too, so they aren't confidential.
fn order(members: &[Value]) -> String {
    let names: Vec<&str> = members.iter().filter_map(|member| member.get("name")?.as_str()).collect();
    names.join(", ").chars().take(LONGEST).collect()
}

fn show(leaf: &str, value: &Value, uid: &str) -> String {
    let text = match value {
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) if SHOWN.contains(&leaf) => text.clone(),
        Value::Object(_) => return telling(value).unwrap_or_else(|| hashed(value, uid)),
        _ => return hashed(value, uid),
    };
    text.chars().take(LONGEST).collect()
}

/// An added object by its dangerous leaves: `image=evil:1, securityContext.privileged=true`.
fn telling(value: &Value) -> Option<String> {
    let leaves: Vec<String> = TELLING
        .iter()
        .filter_map(|pointer| {
            let found = value.pointer(pointer).filter(|found| !found.is_object() && !found.is_array())?;
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            let text: String = text.chars().take(LONGEST).collect();
            Some(format!("{}={text}", pointer.trim_start_matches('/').replace('/', ".")))
        })
        .collect();
    (!leaves.is_empty()).then(|| leaves.join(", "))
}

/// Keyed with the app's UID, so that a value can't be looked up in a table, nor compared between apps.
fn hashed(value: &Value, uid: &str) -> String {
    format!("sha256:{}", short_hash(&format!("{uid} {value}")))
}
