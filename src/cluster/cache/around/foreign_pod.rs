//! Reading a pod that others run.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{
    plan::ForeignPod,
    reach::{NamedPort, Transport},
};

/// Most bytes of labels and names of ports that are kept of a pod.
const LONGEST: usize = 4 * 1024;

/// What is read of a pod, whatever its size.
#[derive(Deserialize)]
pub(super) struct RawPod {
    metadata: Metadata,
    spec: Spec,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Metadata {
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    containers: Vec<Container>,
    init_containers: Option<Vec<Container>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    ports: Option<Vec<Port>>,
    restart_policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    name: Option<String>,
    #[serde(rename = "containerPort")]
    number: u16,
    #[serde(default)]
    protocol: Transport,
}

#[derive(Deserialize)]
struct Status {
    phase: Option<String>,
}

/// A pod that may accept connections; `None` for one that has ended.
pub(super) fn read(pod: RawPod) -> Option<ForeignPod> {
    let RawPod { metadata, spec, status } = pod;
    let phase = status.and_then(|status| status.phase);
    if matches!(phase.as_deref(), Some("Succeeded" | "Failed")) {
        return None;
    }
    // "the init container will be continually restarted on exit until all regular containers have terminated": it accepts connections as
    // long as the others do.
    let sidecars = spec.init_containers.into_iter().flatten();
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let containers: Vec<Vec<Port>> =
        spec.containers.into_iter().chain(sidecars).map(|container| container.ports.unwrap_or_default()).collect();
    let all_declare = containers.iter().all(|ports| !ports.is_empty());
    let ports: Vec<Port> = containers.into_iter().flatten().collect();
    let tcp = ports.iter().filter(|port| port.protocol == Transport::Tcp).map(|port| port.number);
    let numbers: BTreeSet<u16> = tcp.filter(|_| all_declare).collect();
    let named: BTreeSet<NamedPort> = ports
        .into_iter()
        .filter_map(|Port { name, number, protocol }| Some(NamedPort { name: name?, number, transport: protocol }))
        .collect();
    Some(ForeignPod {
        labels: metadata.labels.unwrap_or_default(),
        ports: numbers.into_iter().collect(),
        named: named.into_iter().collect(),
    })
}

/// Whether all that is to be known of a pod may be kept.
pub(super) fn is_small(pod: &ForeignPod) -> bool {
    let labels = pod.labels.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    let ports = size_of_val(pod.ports.as_slice()) + pod.named.iter().map(|port| port.name.len()).sum::<usize>();
    labels + ports <= LONGEST
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(pod: &Value) -> Option<ForeignPod> {
        super::read(RawPod::deserialize(pod).unwrap())
    }

    #[test]
    fn ports_of_containers_and_sidecars_are_read_and_ended_pods_are_not() {
        let mut pod = json!({
            "metadata": { "labels": { "app": "pg" } },
            "spec": {
                "containers": [
                    { "ports": [{ "name": "pg", "containerPort": 5432 }, { "containerPort": 53, "protocol": "UDP" }] },
                    { "ports": [{ "name": "pg", "containerPort": 5432, "protocol": "TCP" }] },
                ],
                "initContainers": [
                    { "restartPolicy": "Always", "ports": [{ "name": "metrics", "containerPort": 9187 }] },
                    { "ports": [{ "containerPort": 1 }] },
                ],
            },
            "status": { "phase": "Running" },
        });
        let found = read(&pod).unwrap();
        assert_eq!(found.ports, [5432, 9187]);
        let names: Vec<&str> = found.named.iter().map(|port| port.name.as_str()).collect();
        assert_eq!(names, ["metrics", "pg"]);
        assert_eq!(found.labels, BTreeMap::from([("app".to_owned(), "pg".to_owned())]));
        assert!(is_small(&found));
        pod["spec"]["containers"].as_array_mut().unwrap().push(json!({ "name": "declares none" }));
        let found = read(&pod).unwrap();
        assert_eq!((found.ports.len(), found.named.len()), (0, 2), "it may listen on any");
        pod["metadata"]["labels"]["x"] = json!("y".repeat(5000));
        assert!(!is_small(&read(&pod).unwrap()));
        pod["status"]["phase"] = json!("Succeeded");
        assert_eq!(read(&pod), None);
    }
}
