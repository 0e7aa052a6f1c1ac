//! What "hardened" means: the security settings of every pod and container, in one place.
//!
//! Each is set explicitly, even if the value is the default: another field manager could set a field without a conflict
//! if the operator left it out. Pod and container repeat each other because scanners disagree about which of the two to
//! read.

use serde_json::{Value, json};

use crate::{api::Platform, app::Hardening, desired::json::insert};

/// `securityContext` of the pod.
pub(super) fn pod_security_context(hardening: &Hardening) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        // The kubelet changes the group of mounted files once, not at every start.
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    // OpenShift assigns these from the namespace's range, and refuses pods that ask for others.
    if hardening.platform == Platform::Kubernetes {
        insert(&mut context, "runAsUser", json!(hardening.user));
        insert(&mut context, "runAsGroup", json!(hardening.group));
        insert(&mut context, "fsGroup", json!(hardening.group));
        // Empty, so that the runtime chooses the confined type; present, because Kubescape C-0211 requires it.
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
        // Only ALL, because Polaris rejects ALL together with other names.
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    if hardening.platform == Platform::Kubernetes {
        insert(&mut context, "runAsUser", json!(hardening.user));
        insert(&mut context, "runAsGroup", json!(hardening.group));
    }
    context
}
