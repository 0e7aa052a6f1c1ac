//! Service: a stable address inside the cluster, for components with ports. Never one outside.

use serde_json::{Value, json};

use crate::{
    api::WORKLOAD,
    app::{Part, Port},
    desired::{
        draft::Draft,
        json::insert,
        kind::{Care, Kind, Presence, Rules, Sight, Stage},
    },
    release::Target,
};

pub(super) const KIND: Kind = Kind {
    name: "Service",
    group: "",
    version: "v1",
    plural: "services",
    presence: Presence::Always,
    sight: Sight::AllInCluster,
    stage: Stage::Workload,
    care: Care::Apply,
    build,
    progress: None,
    rules: Rules {
        keyed: &[("spec ports", &["port", "protocol"])],
        ordered: &[],
        unordered: &[],
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
        commanding: &[
            // Controllers read from annotations of a Service that they should make it reachable: by DNS names, load balancers, meshes.
            "metadata annotations *",
            // Labels, too: `istio.io/use-waypoint` routes its connections through another workload, and
            // `service.kubernetes.io/service-proxy-name` takes it from the nodes' proxies.
            "metadata labels *",
            // Ingress controllers and meshes speak the protocol that it names.
            "spec ports [] appProtocol",
        ],
        // The API server allocates the first two.
        tolerated: &["spec clusterIP*", "spec ipFamil*", "metadata annotations kubectl.kubernetes.io/*"],
        harmless: &[
            // The API server refuses it beside `sessionAffinity: None`, which is declared.
            "spec sessionAffinityConfig",
            // Which of the Service's own pods a connection prefers.
            "spec trafficDistribution",
        ],
        omitted_if_false: &[],
        // "None" makes it headless: its name then leads to pods directly, past the ports that it declares.
        immutable: &[("spec clusterIP", Some("None"))],
        volatile: &[],
        public: true,
        always_enforced: false,
    },
};

fn build(target: &Target) -> Vec<Draft> {
    let service = |part: &Part| {
        let workload = part.workload()?;
        let ports = &workload.template.ports;
        let mut fields = service(&target.id.workload_label(&workload.name), ports);
        if let (Part::Database(_), Some(spec)) = (part, fields.get_mut("spec")) {
            // Its name leads to the pod, also while that isn't reachable by an address that a proxy translates.
            insert(spec, "clusterIP", json!("None"));
        }
        (!ports.is_empty()).then(|| Draft::of_part(target, &workload.name, fields))
    };
    target.parts().filter_map(service).collect()
}

fn service(workload_label: &str, ports: &[Port]) -> Value {
    let port = |port: &Port| json!({ "name": port.name, "port": port.number, "protocol": port.protocol, "targetPort": port.number });
    json!({
        "spec": {
            "type": "ClusterIP",
            "selector": { WORKLOAD: workload_label },
            "ports": ports.iter().map(port).collect::<Vec<_>>(),
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
        },
    })
}
