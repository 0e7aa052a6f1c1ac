//! The one container of a pod.

use serde_json::{Value, json};

use super::{hardening::container_security_context, lifetime::Lifetime, volumes::volume_mount};
use crate::{
    api::PullPolicy,
    app::{Env, EnvSource, Port, Probe, ProbeHandler, Workload},
    desired::json::insert,
};

pub(super) fn container(workload: &Workload, lifetime: Lifetime) -> Value {
    let Workload { name, template, hardening, .. } = workload;
    let mut resources = json!({
        "cpu": template.resources.cpu.to_string(),
        "memory": template.resources.memory.to_string(),
        "ephemeral-storage": template.resources.ephemeral_storage.to_string(),
    });
    for (device, count) in &template.devices {
        insert(&mut resources, device, json!(count.to_string()));
    }
    let mut container = json!({
        "name": name.as_str(),
        "image": template.image.reference,
        "imagePullPolicy": match template.image.pull_policy {
            PullPolicy::Always => "Always",
            PullPolicy::IfNotPresent => "IfNotPresent",
        },
        "securityContext": container_security_context(hardening),
        // Equal requests and limits: the pod is Guaranteed, and it can't take resources from other pods.
        "resources": { "requests": resources, "limits": resources },
        "volumeMounts": template.mounts.iter().map(volume_mount).collect::<Vec<_>>(),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": lifetime.message_policy(),
    });
    if lifetime == Lifetime::Lasting {
        // Time to remove the pod from endpoints before the process gets SIGTERM. `sleep` needs no shell in the image.
        insert(&mut container, "lifecycle", json!({ "preStop": { "sleep": { "seconds": 5 } } }));
    }
    let lists = [
        ("command", json!(template.command)),
        ("args", json!(template.args)),
        ("ports", ports(&template.ports)),
        ("env", env(&template.env)),
    ];
    // The server drops empty lists, so every apply of one would be a change (kubernetes/kubernetes#131175).
    for (field, list) in lists.into_iter().filter(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty())) {
        insert(&mut container, field, list);
    }
    let probes = &template.probes;
    let probes =
        [("readinessProbe", &probes.readiness), ("livenessProbe", &probes.liveness), ("startupProbe", &probes.startup)];
    for (field, given) in probes {
        if let Some(given) = given {
            insert(&mut container, field, probe(given));
        }
    }
    container
}

fn ports(ports: &[Port]) -> Value {
    ports
        .iter()
        .map(|port| json!({ "name": port.name, "containerPort": port.number, "protocol": port.protocol }))
        .collect()
}

fn env(variables: &[Env]) -> Value {
    variables
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
