//! The pod template's spec.
//!
//! Server defaults are set explicitly wherever an addition would be dangerous. So the operator can distinguish a
//! default that a later Kubernetes version adds from a value that another field manager has set.

use serde_json::{Value, json};

use super::{container::container, hardening::pod_security_context, lifetime::Lifetime, volumes::volume};
use crate::{
    api::Toleration,
    app::{AppId, Placement, Workload},
    desired::{json::insert, labels::selector},
};

pub(in crate::desired) fn pod_spec(id: &AppId, workload: &Workload, lifetime: Lifetime) -> Value {
    let label = id.workload_label(&workload.name);
    let Workload { template, hardening, .. } = workload;
    let mut spec = json!({
        "os": { "name": "linux" },
        "nodeSelector": node_selector(&template.placement),
        "affinity": affinity(&label),
        "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": selector(&label),
        }],
        "serviceAccountName": id.child_name(&workload.name),
        "automountServiceAccountToken": false,
        // Otherwise every Service of the namespace would appear in the environment.
        "enableServiceLinks": false,
        "hostNetwork": false,
        "hostPID": false,
        "hostIPC": false,
        "shareProcessNamespace": false,
        "securityContext": pod_security_context(hardening),
        "restartPolicy": lifetime.restart_policy(),
        "terminationGracePeriodSeconds": 30,
        "schedulerName": "default-scheduler",
        "dnsPolicy": "ClusterFirst",
        // With the default of 5, the resolver tries most outside names in all search domains first.
        "dnsConfig": { "options": [{ "name": "ndots", "value": "2" }] },
        "containers": [container(workload, lifetime)],
        "volumes": template.mounts.iter().filter_map(volume).collect::<Vec<_>>(),
    });
    let placement = &template.placement;
    if let Some(class) = &placement.priority_class {
        insert(&mut spec, "priorityClassName", json!(class));
    }
    if let Some(class) = &placement.runtime_class {
        insert(&mut spec, "runtimeClassName", json!(class));
    }
    if !placement.tolerations.is_empty() {
        let tolerations: Vec<Value> = placement.tolerations.iter().map(toleration).collect();
        insert(&mut spec, "tolerations", json!(tolerations));
    }
    if !template.image.pull_secrets.is_empty() {
        let secrets: Vec<Value> = template.image.pull_secrets.iter().map(|name| json!({ "name": name })).collect();
        insert(&mut spec, "imagePullSecrets", json!(secrets));
    }
    spec
}

/// Linux nodes only, and those that the policy names for the component's devices.
fn node_selector(placement: &Placement) -> Value {
    let mut selector = json!(placement.node_selector);
    insert(&mut selector, "kubernetes.io/os", json!("linux"));
    selector
}

fn toleration(toleration: &Toleration) -> Value {
    match &toleration.value {
        Some(value) => json!({ "key": toleration.key, "operator": "Equal", "value": value }),
        None => json!({ "key": toleration.key, "operator": "Exists" }),
    }
}

/// Linux nodes only; pods preferably on different nodes.
fn affinity(label: &str) -> Value {
    json!({
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{
                    "matchExpressions": [{ "key": "kubernetes.io/os", "operator": "In", "values": ["linux"] }],
                }],
            },
        },
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{
                "weight": 100,
                "podAffinityTerm": {
                    "topologyKey": "kubernetes.io/hostname",
                    "labelSelector": selector(label),
                },
            }],
        },
    })
}
