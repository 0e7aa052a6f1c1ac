//! Service: a stable address inside the cluster, for components with ports. Never one that reaches outside.

use serde_json::{Value, json};

use super::{Kind, Rules, Stage, meta::WORKLOAD, network_policy::protocol};
use crate::app::Component;

pub(super) const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Service",
    plural: "services",
    stage: Stage::Workload,
    build: |_, component| (!component.ports.is_empty()).then(|| service(component)),
    rules: Rules {
        keyed: &[("spec ports", &["port", "protocol"])],
        dangerous: &[
            "spec type",
            "spec ports []",
            "spec ports [] nodePort",
            "spec selector *",
            "spec externalIPs",
            "spec externalName",
            "spec externalTrafficPolicy",
            "spec healthCheckNodePort",
            "spec loadBalancer*",
            "spec allocateLoadBalancerNodePorts",
            "spec publishNotReadyAddresses",
        ],
        // Allocated by the server.
        tolerated: &["spec clusterIP*", "spec ipFamil*", "metadata annotations *"],
        public: true,
        always_enforced: false,
    },
};

fn service(component: &Component) -> Value {
    let ports: Vec<Value> = component
        .ports
        .iter()
        .map(|port| {
            json!({
                "name": port.name,
                "port": port.number,
                "protocol": protocol(port.protocol),
                "targetPort": port.number,
            })
        })
        .collect();
    json!({
        "spec": {
            "type": "ClusterIP",
            "selector": { WORKLOAD: component.workload },
            "ports": ports,
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
        },
    })
}
