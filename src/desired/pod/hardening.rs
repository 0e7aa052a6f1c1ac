//! What "hardened" means: the security settings of every pod and container, in one place.
//!
//! Each is set explicitly, even where the value is the default: a field we leave out is one that another manager may set
//! without a conflict. Pod and container repeat each other because scanners disagree about which of the two to read.

use serde_json::{Value, json};

use crate::{api::Platform, app::Hardening, desired::json::insert};

/// `securityContext` of the pod.
pub(super) fn pod_security_context(hardening: &Hardening) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        // The change of mounted files' group is made once, not at every start.
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    // OpenShift assigns these from the namespace's range, and refuses pods that ask for others.
    if hardening.platform == Platform::Kubernetes {
        insert(&mut context, "runAsUser", json!(hardening.user));
        insert(&mut context, "runAsGroup", json!(hardening.group));
        insert(&mut context, "fsGroup", json!(hardening.group));
        // Empty: the runtime picks the confined type. Present, because Kubescape C-0211 asks for it.
        insert(&mut context, "seLinuxOptions", json!({}));
    }
    context
}

/// `securityContext` of a container.
pub(super) fn container_security_context(hardening: &Hardening) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        "privileged": false,
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        // Exactly this: Polaris refuses ALL together with names.
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    if hardening.platform == Platform::Kubernetes {
        insert(&mut context, "runAsUser", json!(hardening.user));
        insert(&mut context, "runAsGroup", json!(hardening.group));
    }
    context
}
