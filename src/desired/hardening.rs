//! What "hardened" means: the security settings of every pod and container, in one place.
//!
//! Each is set explicitly, even where the value is the default: a field we leave out is one that another manager may set
//! without a conflict. Pod and container repeat each other because scanners disagree about which of the two to read.

use serde_json::{Value, json};

use crate::app::Component;

/// `securityContext` of the pod.
pub(super) fn pod_security_context(component: &Component) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": component.user,
        "runAsGroup": component.group,
        // Mounted files belong to this group; the change is made once, not at every start.
        "fsGroup": component.group,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": { "type": "RuntimeDefault" },
        // Empty: the runtime picks the confined type. Present, because Kubescape C-0211 asks for it.
        "seLinuxOptions": {},
    })
}

/// `securityContext` of a container.
pub(super) fn container_security_context(component: &Component) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": component.user,
        "runAsGroup": component.group,
        "privileged": false,
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        // Exactly this: Polaris refuses ALL together with names.
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}
