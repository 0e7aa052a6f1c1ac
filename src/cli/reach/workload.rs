//! What has pods: an object with a pod template, or a pod.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use k8s_openapi::api::core::v1::{Container, ContainerPort, PodTemplateSpec};
use serde_json::Value;

use crate::reach::{NamedPort, Transport};

/// Where the kinds that have pods keep their template. A pod has the same fields itself.
const TEMPLATES: [(&str, &str, &str); 7] = [
    ("v1", "Pod", ""),
    ("apps/v1", "Deployment", "/spec/template"),
    ("apps/v1", "StatefulSet", "/spec/template"),
    ("apps/v1", "DaemonSet", "/spec/template"),
    ("apps/v1", "ReplicaSet", "/spec/template"),
    ("batch/v1", "Job", "/spec/template"),
    ("batch/v1", "CronJob", "/spec/jobTemplate/spec/template"),
];

/// The pods of one object.
pub(super) struct Workload {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    /// Ports that its containers declare, sorted.
    pub(super) ports: BTreeSet<(u16, Transport)>,
    pub(super) named_ports: Vec<NamedPort>,
    /// Addresses of a pod that runs.
    pub(super) addresses: Vec<std::net::IpAddr>,
    /// Whether its pods use their node's network.
    pub(super) is_on_host: bool,
}

impl Workload {
    /// The pods of an object, if it is of a kind that has any.
    ///
    /// # Errors
    /// If its pod template can't be read.
    pub(super) fn read(object: &Value, namespace: &str, name: &str) -> anyhow::Result<Option<Self>> {
        let is = |field: &str, word: &str| object.get(field).and_then(Value::as_str) == Some(word);
        let found = TEMPLATES.iter().find(|(version, kind, _)| is("apiVersion", version) && is("kind", kind));
        let Some((_, kind, place)) = found else { return Ok(None) };
        let template = object.pointer(place).cloned().unwrap_or_default();
        let template: PodTemplateSpec = serde_json::from_value(template)
            .with_context(|| format!("{}: not a pod template", place.trim_start_matches('/').replace('/', ".")))?;
        let spec = template.spec.unwrap_or_default();
        // A container of the init containers that always restarts is a sidecar, which runs as long as the others.
        let sidecars = spec.init_containers.unwrap_or_default().into_iter();
        let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
        let ports: Vec<_> = spec.containers.into_iter().chain(sidecars).flat_map(declared).collect();
        Ok(Some(Self {
            kind: (*kind).to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: template.metadata.and_then(|metadata| metadata.labels).unwrap_or_default(),
            ports: ports.iter().map(|(_, number, transport)| (*number, *transport)).collect(),
            named_ports: ports.into_iter().filter_map(named).collect(),
            addresses: addresses(object),
            is_on_host: spec.host_network.unwrap_or_default(),
        }))
    }
}

fn declared(container: Container) -> impl Iterator<Item = (Option<String>, u16, Transport)> {
    container.ports.unwrap_or_default().into_iter().filter_map(
        |ContainerPort { name, container_port, protocol, .. }| {
            let transport = match protocol.as_deref() {
                Some("UDP") => Transport::Udp,
                Some("SCTP") => Transport::Sctp,
                _ => Transport::Tcp,
            };
            Some((name, u16::try_from(container_port).ok().filter(|number| *number > 0)?, transport))
        },
    )
}

fn named((name, number, transport): (Option<String>, u16, Transport)) -> Option<NamedPort> {
    Some(NamedPort { name: name?, number, transport })
}

fn addresses(object: &Value) -> Vec<std::net::IpAddr> {
    let addresses = object.pointer("/status/podIPs").and_then(Value::as_array).into_iter().flatten();
    addresses.filter_map(|address| address.get("ip")?.as_str()?.parse().ok()).collect()
}
