//! NetworkPolicy: named clients in, name resolution and named targets out, nothing else.
//!
//! Facts to know: traffic from a pod's own node is always allowed, so probes get through. Rules name the ports of pods,
//! not of Services. Policies are additive, so another policy may allow what this one doesn't.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::{
    app::{Dns, Edge, End, ExternalRange, Peer, PodSelection, PortNumber, Ports, Workload},
    desired::{
        draft::Draft,
        json::insert,
        kind::{Kind, Rules, Stage},
        labels::selector,
    },
    release::Target,
};

pub(super) const KIND: Kind = Kind {
    name: "NetworkPolicy",
    group: "networking.k8s.io",
    version: "v1",
    plural: "networkpolicies",
    stage: Stage::Guard,
    build,
    progress: None,
    rules: Rules {
        // Rules, peers and ports are atomic lists: one apply restores them whole.
        keyed: &[],
        ordered: &[],
        unordered: &[
            "spec policyTypes",
            "spec *gress",
            "spec *gress [] from",
            "spec *gress [] to",
            "spec *gress [] ports",
            "spec *gress [] * [] ipBlock except",
        ],
        dangerous: &["spec"],
        commanding: &[],
        tolerated: &["metadata annotations *"],
        harmless: &["metadata labels *"],
        omitted_if_false: &[],
        immutable: &[],
        volatile: &[],
        public: true,
        // A policy that allows too much endangers other pods, too, so it is enforced in the mode Observe as well.
        always_enforced: true,
    },
};

type Edges<'a> = BTreeSet<&'a Edge>;

fn build(target: &Target) -> Vec<Draft> {
    let (opened, accepted) = (target.opened(), target.accepted());
    Draft::per_workload(target, |workload| Some(network_policy(target, &opened, &accepted, workload)))
}

fn network_policy(target: &Target, opened: &Edges<'_>, accepted: &Edges<'_>, workload: &Workload) -> Value {
    let label = target.id.workload_label(&workload.name);
    let mut spec = json!({
        "podSelector": selector(&label),
        // "If this field is not specified, it will default based on the existence of ingress or egress rules". Both are
        // named, so that a component without clients admits no traffic instead of all.
        "policyTypes": ["Ingress", "Egress"],
        "egress": egress(target, opened, &label),
    });
    // "If this field is empty then this NetworkPolicy does not allow any traffic". It is left out, because the server
    // drops an empty list.
    let ingress = ingress(target, accepted, workload, &label);
    if !ingress.is_empty() {
        insert(&mut spec, "ingress", json!(ingress));
    }
    json!({ "spec": spec })
}

fn is_own(end: &End, label: &str) -> bool {
    matches!(end, End::Pods(Peer { namespace: None, workload }) if workload == label)
}

/// Clients on the ports that they may use, and the platform's monitoring on the port for metrics.
fn ingress(target: &Target, edges: &Edges<'_>, workload: &Workload, label: &str) -> Vec<Value> {
    let mut clients: BTreeMap<&Ports, Vec<Value>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| is_own(&edge.to, label)) {
        clients.entry(&edge.ports).or_default().push(end(&edge.from));
    }
    let rule = |(ports, from): (&Ports, Vec<Value>)| with_ports(json!({ "from": from }), ports);
    let mut rules: Vec<Value> = clients.into_iter().map(rule).collect();
    let monitoring = &target.ungated.peers.monitoring;
    if let Some(metrics) = &workload.template.metrics
        && !monitoring.is_empty()
    {
        let from: Vec<Value> = monitoring.iter().map(selection).collect();
        let port = PortNumber { number: metrics.number, protocol: metrics.protocol };
        rules.push(json!({ "from": from, "ports": ports(&[port]) }));
    }
    rules
}

fn egress(target: &Target, edges: &Edges<'_>, label: &str) -> Vec<Value> {
    let edges = edges.iter().filter(|edge| is_own(&edge.from, label));
    let rules = edges.map(|edge| with_ports(json!({ "to": [end(&edge.to)] }), &edge.ports));
    dns(&target.ungated.peers.dns).into_iter().chain(rules).collect()
}

/// DNS servers on their ports. `None` if the policy names none, because an empty `to` would match every destination.
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

/// A rule without `ports` applies to all ports.
fn with_ports(mut rule: Value, allowed: &Ports) -> Value {
    if let Ports::Of(numbers) = allowed {
        insert(&mut rule, "ports", json!(ports(numbers)));
    }
    rule
}

fn end(end: &End) -> Value {
    match end {
        End::Pods(pods) => peer(pods),
        End::Range(range) => block(range),
    }
}

/// Pods of one part. A pod selector alone means the policy's own namespace.
fn peer(peer: &Peer) -> Value {
    let mut selected = json!({ "podSelector": selector(&peer.workload) });
    if let Some(namespace) = &peer.namespace {
        insert(&mut selected, "namespaceSelector", namespace_selector(namespace));
    }
    selected
}

fn block(range: &ExternalRange) -> Value {
    let mut block = json!({ "cidr": range.cidr.to_string() });
    if !range.except.is_empty() {
        let except: Vec<String> = range.except.iter().map(IpNet::to_string).collect();
        insert(&mut block, "except", json!(except));
    }
    json!({ "ipBlock": block })
}

fn selection(pods: &PodSelection) -> Value {
    json!({
        "namespaceSelector": namespace_selector(&pods.namespace),
        "podSelector": { "matchLabels": pods.labels },
    })
}

/// Selects by the label that the API server itself sets on every namespace, so that no tenant can claim another name.
fn namespace_selector(namespace: &str) -> Value {
    json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } })
}

fn ports(ports: &[PortNumber]) -> Vec<Value> {
    ports.iter().map(|port| json!({ "port": port.number, "protocol": port.protocol })).collect()
}
