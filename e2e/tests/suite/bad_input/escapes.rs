//! Fields of a pod that a HardenedApp doesn't have, because they would bypass the hardening; and misspelt fields.

use serde_json::json;

use super::row::{Row, unreadable};
use crate::tamper::set;

const NOT_OURS: &str = "unknown field; correct its spelling, or remove it";

pub(super) const ROWS: &[Row] = &[
    unreadable(
        "a privileged container",
        "securityContext: {privileged: true}",
        "unknown field \"spec.components[0].securityContext\"",
        NOT_OURS,
    ),
    unreadable("the node's network", "hostNetwork: true", "unknown field \"spec.components[0].hostNetwork\"", NOT_OURS),
    unreadable(
        "another account",
        "serviceAccountName: cluster-admin",
        "unknown field \"spec.components[0].serviceAccountName\"",
        NOT_OURS,
    ),
    unreadable(
        "the token of the account",
        "automountServiceAccountToken: true",
        "unknown field \"spec.components[0].automountServiceAccountToken\"",
        NOT_OURS,
    ),
    unreadable(
        "a second container",
        "initContainers: [{name: x, image: evil}]",
        "unknown field \"spec.components[0].initContainers\"",
        NOT_OURS,
    ),
    unreadable("a misspelt field", "repliccas: 3", "unknown field \"spec.components[0].repliccas\"", NOT_OURS),
    unreadable(
        "a field in other case",
        "connectsto: [api]",
        "unknown field \"spec.components[0].connectsto\"",
        NOT_OURS,
    ),
    unreadable(
        "a shell line in place of a list",
        "command: /bin/sh -c run",
        "spec.components[0].command: … must be of type array",
        "spec.components[web].command: not a list; begin each member with '-'",
    ),
    unreadable("a field beside the components", "", "unknown field \"spec.replicas\"", "spec.replicas: unknown field")
        .made_by(|app| set(app, "/spec/replicas", 3.into())),
    unreadable(
        "a drift mode that there isn't",
        "",
        "spec.drift.mode: … supported values: \"Enforce\", \"Observe\"",
        "spec.drift.mode: not one of the allowed values; write Enforce or Observe",
    )
    .made_by(|app| set(app, "/spec/drift", json!({ "mode": "Off" }))),
];
