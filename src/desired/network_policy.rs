//! NetworkPolicy: one per component. Named clients in; name resolution and named targets out; nothing else.
//!
//! Facts that shape it: traffic from a pod's own node is always allowed (that is how probes get through); rules name the ports
//! of pods, not of Services; policies add up, so what one forbids another may open.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{
    Kind, Rules, Stage,
    meta::{insert, selector},
};
use crate::{
    api::Protocol,
    app::{App, Component, Dns, Outside, Peer, PodSelection, Port, Target},
};

pub(super) const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    stage: Stage::Guard,
    build: |app, component| Some(network_policy(app, component)),
    rules: Rules {
        // Rules, peers and ports are atomic lists: one apply restores them whole.
        keyed: &[],
        dangerous: &["spec"],
        tolerated: &["metadata annotations *"],
        public: true,
        // Nothing is left open because somebody only wants to watch.
        always_enforced: true,
    },
};

fn network_policy(app: &App, component: &Component) -> Value {
    let mut spec = json!({
        "podSelector": selector(&component.workload),
        // "If this field is not specified, it will default based on the existence of ingress or egress rules": say both,
        // so that a component without clients is closed and not open.
        "policyTypes": ["Ingress", "Egress"],
        "egress": egress(app, component),
    });
    // "If this field is empty then this NetworkPolicy does not allow any traffic": left out rather than an empty list, which
    // the server drops.
    let ingress = ingress(app, component);
    if !ingress.is_empty() {
        insert(&mut spec, "ingress", json!(ingress));
    }
    json!({ "spec": spec })
}

fn ingress(app: &App, component: &Component) -> Vec<Value> {
    let mut rules = Vec::new();
    if !component.clients.is_empty() && !component.ports.is_empty() {
        let from: Vec<Value> = component.clients.iter().map(peer).collect();
        rules.push(json!({ "from": from, "ports": ports(&component.ports) }));
    }
    if let Some(port) = &component.metrics
        && !app.monitoring.is_empty()
    {
        let from: Vec<Value> = app.monitoring.iter().map(selection).collect();
        rules.push(json!({ "from": from, "ports": ports(std::slice::from_ref(port)) }));
    }
    rules
}

fn egress(app: &App, component: &Component) -> Vec<Value> {
    let targets = component.targets.iter().map(target);
    let outside = component.outside.iter().map(outside);
    [dns(&app.dns)].into_iter().flatten().chain(targets).chain(outside).collect()
}

/// Name resolution, and nothing else on the servers' ports. `None` where the policy names no server: an empty `to` would
/// match every destination.
fn dns(dns: &Dns) -> Option<Value> {
    let pods = dns.peers.iter().map(selection);
    let addresses = dns.cidrs.iter().map(|cidr| json!({ "ipBlock": { "cidr": cidr.to_string() } }));
    let to: Vec<Value> = pods.chain(addresses).collect();
    let ports: Vec<Value> = dns
        .ports
        .iter()
        .flat_map(|port| ["UDP", "TCP"].map(|protocol| json!({ "port": port, "protocol": protocol })))
        .collect();
    (!to.is_empty()).then(|| json!({ "to": to, "ports": ports }))
}

fn target(target: &Target) -> Value {
    let mut rule = json!({ "to": [peer(&target.peer)] });
    if !target.ports.is_empty() {
        insert(&mut rule, "ports", json!(ports(&target.ports)));
    }
    rule
}

fn outside(outside: &Outside) -> Value {
    let mut block = json!({ "cidr": outside.cidr.to_string() });
    if !outside.except.is_empty() {
        let except: Vec<String> = outside.except.iter().map(IpNet::to_string).collect();
        insert(&mut block, "except", json!(except));
    }
    let ports: Vec<Value> = outside.ports.iter().map(|port| json!({ "port": port, "protocol": "TCP" })).collect();
    json!({ "to": [{ "ipBlock": block }], "ports": ports })
}

/// Pods of one component. A pod selector alone means the policy's own namespace.
fn peer(peer: &Peer) -> Value {
    let mut selected = json!({ "podSelector": selector(&peer.workload) });
    if let Some(namespace) = &peer.namespace {
        insert(&mut selected, "namespaceSelector", namespace_selector(namespace));
    }
    selected
}

fn selection(pods: &PodSelection) -> Value {
    json!({
        "namespaceSelector": namespace_selector(&pods.namespace),
        "podSelector": { "matchLabels": pods.labels },
    })
}

/// By the label that the API server itself sets on every namespace: no tenant can take another's name.
fn namespace_selector(namespace: &str) -> Value {
    json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } })
}

fn ports(ports: &[Port]) -> Vec<Value> {
    ports.iter().map(|port| json!({ "port": port.number, "protocol": protocol(port.protocol) })).collect()
}

/// A protocol as the Kubernetes API writes it.
pub(super) const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
    }
}
