//! What the objects of several profiles have in common.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::feature::Feature;
use crate::{
    app::{ExposedPath, Exposure, REMOVED_HEADERS, Release},
    desired::draft::Draft,
    release::Target,
};

/// A way to configure a controller.
pub(super) struct Profile {
    /// As the policy names it.
    pub(super) name: &'static str,
    /// What the operator configures by host; all else the platform must attest.
    pub(super) enforces: &'static [Feature],
}

/// One object of a host; with a suffix where it has several of a kind.
pub(super) fn draft(target: &Target, exposure: &Exposure, suffix: &str, fields: Value) -> Draft {
    Draft::new(None, exposure.object_name(&target.id, suffix), fields)
}

/// The Service and the port behind a path.
pub(super) fn backend(target: &Target, path: &ExposedPath, runs: &Release) -> (String, u16) {
    // A host has no objects where the release lacks a port: see `exposed`.
    (target.id.child_name(&path.component), runs.port(path).unwrap_or_default())
}

/// Headers as lists of names and values have them.
pub(super) fn header_list(exposure: &Exposure) -> Vec<Value> {
    exposure.headers.iter().map(|header| json!({ "name": header.name, "value": header.value })).collect()
}

/// Headers as maps have them. An empty value removes one.
pub(super) fn header_map(exposure: &Exposure) -> Value {
    let set = exposure.headers.iter().map(|header| (header.name.as_str(), header.value.as_str()));
    json!(set.chain(REMOVED_HEADERS.map(|name| (name, ""))).collect::<BTreeMap<_, _>>())
}
