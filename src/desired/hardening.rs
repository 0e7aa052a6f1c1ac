//! What "hardened" means: the security settings of every pod and container, in one place.
//!
//! Each is set explicitly, even where the value is the default: a field we leave out is one that another manager may set
//! without a conflict. Pod and container repeat each other because scanners disagree about which of the two to read.

use serde_json::{Value, json};

use super::meta::insert;
use crate::{api::Platform, app::Component};

/// `securityContext` of the pod.
pub(super) fn pod_security_context(platform: Platform, component: &Component) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        // The change of mounted files' group is made once, not at every start.
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    // OpenShift assigns these from the namespace's range, and refuses pods that ask for others.
    if platform == Platform::Kubernetes {
        insert(&mut context, "runAsUser", json!(component.user));
        insert(&mut context, "runAsGroup", json!(component.group));
        insert(&mut context, "fsGroup", json!(component.group));
        // Empty: the runtime picks the confined type. Present, because Kubescape C-0211 asks for it.
        insert(&mut context, "seLinuxOptions", json!({}));
    }
    context
}

/// `securityContext` of a container.
pub(super) fn container_security_context(platform: Platform, component: &Component) -> Value {
    let mut context = json!({
        "runAsNonRoot": true,
        "privileged": false,
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        // Exactly this: Polaris refuses ALL together with names.
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    if platform == Platform::Kubernetes {
        insert(&mut context, "runAsUser", json!(component.user));
        insert(&mut context, "runAsGroup", json!(component.group));
    }
    context
}
