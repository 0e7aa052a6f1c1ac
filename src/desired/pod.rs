//! The pod template's spec.
//!
//! Server defaults are spelled out wherever an addition would count as an attack, so that a default that a later
//! Kubernetes adds can be told from one that somebody set.

use serde_json::{Value, json};

use super::{
    hardening::{container_security_context, pod_security_context},
    meta::{insert, selector, short_hash},
    network_policy::protocol,
};
use crate::{
    api::{PullPolicy, Toleration},
    app::{App, Component, EnvSource, Mount, MountSource, Probe, ProbeHandler},
};

/// Octal 0440 in the decimal form of JSON: readable by user and group, writable by nobody.
const READ_ONLY_MODE: i32 = 288;

pub(super) fn pod_spec(app: &App, component: &Component) -> Value {
    let mut spec = json!({
        "os": { "name": "linux" },
        "nodeSelector": node_selector(component),
        "affinity": affinity(component),
        "topologySpreadConstraints": [{
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": selector(&component.workload),
        }],
        "serviceAccountName": component.child,
        "automountServiceAccountToken": false,
        // Off: every tenant's Service would appear in the environment otherwise.
        "enableServiceLinks": false,
        "hostNetwork": false,
        "hostPID": false,
        "hostIPC": false,
        "shareProcessNamespace": false,
        "securityContext": pod_security_context(app.platform, component),
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "schedulerName": "default-scheduler",
        "dnsPolicy": "ClusterFirst",
        // The default of 5 sends every outside name through all search domains first.
        "dnsConfig": { "options": [{ "name": "ndots", "value": "2" }] },
        "containers": [container(app, component)],
        "volumes": component.mounts.iter().map(volume).collect::<Vec<_>>(),
    });
    if let Some(class) = &app.priority_class {
        insert(&mut spec, "priorityClassName", json!(class));
    }
    if let Some(class) = &component.placement.runtime_class {
        insert(&mut spec, "runtimeClassName", json!(class));
    }
    if !component.placement.tolerations.is_empty() {
        let tolerations: Vec<Value> = component.placement.tolerations.iter().map(toleration).collect();
        insert(&mut spec, "tolerations", json!(tolerations));
    }
    if !app.pull_secrets.is_empty() {
        let secrets: Vec<Value> = app.pull_secrets.iter().map(|name| json!({ "name": name })).collect();
        insert(&mut spec, "imagePullSecrets", json!(secrets));
    }
    spec
}

/// Linux nodes only, and those that the policy names for the component's devices.
fn node_selector(component: &Component) -> Value {
    let mut selector = json!(component.placement.node_selector);
    insert(&mut selector, "kubernetes.io/os", json!("linux"));
    selector
}

fn toleration(toleration: &Toleration) -> Value {
    match &toleration.value {
        Some(value) => json!({ "key": toleration.key, "operator": "Equal", "value": value }),
        None => json!({ "key": toleration.key, "operator": "Exists" }),
    }
}

/// Linux nodes only; pods on different nodes where there are several.
fn affinity(component: &Component) -> Value {
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
                    "labelSelector": selector(&component.workload),
                },
            }],
        },
    })
}

fn container(app: &App, component: &Component) -> Value {
    let mut resources = json!({
        "cpu": component.resources.cpu.to_string(),
        "memory": component.resources.memory.to_string(),
        "ephemeral-storage": component.resources.ephemeral_storage.to_string(),
    });
    for (device, count) in &component.devices {
        insert(&mut resources, device, json!(count.to_string()));
    }
    let mut container = json!({
        "name": component.name,
        "image": component.image.reference,
        "imagePullPolicy": match component.pull_policy {
            PullPolicy::Always => "Always",
            PullPolicy::IfNotPresent => "IfNotPresent",
        },
        "securityContext": container_security_context(app.platform, component),
        // Equal requests and limits: the pod is Guaranteed, and no neighbour can be starved.
        "resources": { "requests": resources, "limits": resources },
        "volumeMounts": component.mounts.iter().map(volume_mount).collect::<Vec<_>>(),
        // Time for endpoints to forget the pod before the process is told to stop; `sleep` needs no shell in the image.
        "lifecycle": { "preStop": { "sleep": { "seconds": 5 } } },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    });
    let lists = [
        ("command", json!(component.command)),
        ("args", json!(component.args)),
        ("ports", ports(component)),
        ("env", env(component)),
    ];
    // The server drops empty lists; applying one again would be a change for ever (kubernetes/kubernetes#131175).
    for (field, list) in lists.into_iter().filter(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty())) {
        insert(&mut container, field, list);
    }
    let probes = &component.probes;
    let probes =
        [("readinessProbe", &probes.readiness), ("livenessProbe", &probes.liveness), ("startupProbe", &probes.startup)];
    for (field, given) in probes {
        if let Some(given) = given {
            insert(&mut container, field, probe(given));
        }
    }
    container
}

fn ports(component: &Component) -> Value {
    component
        .ports
        .iter()
        .map(|port| json!({ "name": port.name, "containerPort": port.number, "protocol": protocol(port.protocol) }))
        .collect()
}

fn env(component: &Component) -> Value {
    component
        .env
        .iter()
        .map(|variable| match &variable.source {
            EnvSource::Literal(value) => json!({ "name": variable.name, "value": value }),
            EnvSource::SecretKey(key) => json!({
                "name": variable.name,
                "valueFrom": { "secretKeyRef": { "name": key.secret, "key": key.key } },
            }),
        })
        .collect()
}

fn probe(probe: &Probe) -> Value {
    let mut checked = json!({
        "periodSeconds": probe.period,
        "timeoutSeconds": probe.timeout,
        "failureThreshold": probe.failures,
        "successThreshold": 1,
    });
    match &probe.handler {
        ProbeHandler::Http { path, port } => {
            insert(&mut checked, "httpGet", json!({ "path": path, "port": port, "scheme": "HTTP" }));
        }
        ProbeHandler::Tcp { port } => insert(&mut checked, "tcpSocket", json!({ "port": port })),
        // The server fills in an empty service where none is given.
        ProbeHandler::Grpc { port, service } => {
            insert(&mut checked, "grpc", json!({ "port": port, "service": service.as_deref().unwrap_or_default() }));
        }
        ProbeHandler::Exec { command } => insert(&mut checked, "exec", json!({ "command": command })),
    }
    checked
}

/// Named by content and path: a new mount moves no other's name.
fn volume_name(mount: &Mount) -> String {
    let kind = match &mount.source {
        MountSource::Writable(_) if mount.path == "/tmp" => return "tmp".to_owned(),
        MountSource::Writable(_) => "writable",
        MountSource::ConfigMap(_) => "config",
        MountSource::Secret(_) => "secret",
        MountSource::Claim { volume, .. } => return format!("claim-{volume}"),
    };
    format!("{kind}-{}", short_hash(&mount.path))
}

/// Secrets and ConfigMaps are projected rather than mounted as volumes of their own: the files are the same, and
/// Kubescape C-0255 and C-0258 flag the other form.
fn volume(mount: &Mount) -> Value {
    let projected = |source: Value| json!({ "defaultMode": READ_ONLY_MODE, "sources": [source] });
    let name = volume_name(mount);
    match &mount.source {
        MountSource::Writable(size) => json!({ "name": name, "emptyDir": { "sizeLimit": size.to_string() } }),
        MountSource::ConfigMap(map) => {
            json!({ "name": name, "projected": projected(json!({ "configMap": { "name": map } })) })
        }
        MountSource::Secret(secret) => {
            json!({ "name": name, "projected": projected(json!({ "secret": { "name": secret } })) })
        }
        MountSource::Claim { claim, .. } => json!({ "name": name, "persistentVolumeClaim": { "claimName": claim } }),
    }
}

fn volume_mount(mount: &Mount) -> Value {
    let mut mounted = json!({ "name": volume_name(mount), "mountPath": mount.path });
    if mount.source.is_read_only() {
        insert(&mut mounted, "readOnly", json!(true));
    }
    mounted
}
