//! NetworkPolicy: named clients in, name resolution and named targets out, nothing else.
//!
//! Facts to know: traffic from a pod's own node is always allowed, so probes get through. Rules name the ports of pods,
//! not of Services. Policies are additive, so another policy may allow what this one doesn't.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::{
    api::{Protocol, WORKLOAD},
    app::{
        Database, DatabaseForm, DatabasePods, Dns, Edge, End, ExternalRange, Peer, PlatformPeers, PodSelection,
        PortNumber, Ports, Workload,
    },
    desired::{
        draft::Draft,
        exposure::exposed,
        json::insert,
        kind::{Care, Kind, Presence, Rules, Sight, Stage},
        labels::selector,
    },
    release::Target,
};

pub(super) const KIND: Kind = Kind {
    name: "NetworkPolicy",
    group: "networking.k8s.io",
    version: "v1",
    plural: "networkpolicies",
    presence: Presence::Always,
    sight: Sight::AllInCluster,
    stage: Stage::Guard,
    care: Care::Apply,
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

fn build(target: &Target) -> Vec<Draft> {
    let (opened, accepted) = (target.opened(), target.accepted());
    let mut drafts = Draft::per_workload(target, |workload| Some(network_policy(target, &opened, &accepted, workload)));
    let databases = target.databases().filter(|database| !target.held.contains(&database.name));
    drafts.extend(databases.filter_map(|database| {
        let DatabaseForm::Pods(pods) = &database.form else { return None };
        let fields = database_policy(target, &accepted, database, pods);
        let name = target.id.database_policy(&database.name);
        Some(Draft::new(Some(database.name.clone()), name, fields))
    }));
    drafts
}

fn network_policy(target: &Target, opened: &BTreeSet<Edge>, accepted: &BTreeSet<Edge>, workload: &Workload) -> Value {
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

/// For pods that others run: it restricts only what they accept. Their egress stays open: what runs them needs the API server, and
/// they write backups.
fn database_policy(target: &Target, edges: &BTreeSet<Edge>, database: &Database, pods: &DatabasePods) -> Value {
    let ends = database.ends(&target.id);
    let mut rules = vec![json!({ "from": [database_pods(&pods.labels)] })];
    rules.extend(clients(edges.iter().filter(|edge| ends.contains(&edge.to))));
    if !pods.managed_by.is_empty() {
        rules.push(json!({ "from": pods.managed_by.iter().map(selection).collect::<Vec<_>>() }));
    }
    let metrics = pods.metrics.map(|number| PortNumber { number, protocol: Protocol::Tcp });
    rules.extend(metrics.and_then(|port| monitoring(&target.ungated.peers, port)));
    json!({
        "spec": {
            "podSelector": with_labels_of_no_app(&pods.labels),
            "policyTypes": ["Ingress"],
            "ingress": rules,
        },
    })
}

fn is_own(end: &End, label: &str) -> bool {
    matches!(end, End::Pods(Peer { namespace: None, workload }) if workload == label)
}

/// Clients on the ports that they may use, and the platform's monitoring on the port for metrics.
fn ingress(target: &Target, edges: &BTreeSet<Edge>, workload: &Workload, label: &str) -> Vec<Value> {
    let mut rules = clients(edges.iter().filter(|edge| is_own(&edge.to, label)));
    let metrics = workload.template.metrics.as_ref();
    let metrics = metrics.map(|port| PortNumber { number: port.number, protocol: port.protocol });
    rules.extend(metrics.and_then(|port| monitoring(&target.ungated.peers, port)));
    rules.extend(controllers(target, workload));
    rules
}

/// The controller that serves the app's hosts, on the ports to which they lead.
fn controllers(target: &Target, workload: &Workload) -> Option<Value> {
    let paths = exposed(target).flat_map(|(exposure, runs)| exposure.paths.iter().map(move |path| (path, runs)));
    let numbers = paths.filter(|(path, _)| path.component == workload.name).filter_map(|(path, runs)| runs.port(path));
    let numbers: BTreeSet<u16> = numbers.collect();
    let numbers = numbers.into_iter().map(|number| PortNumber { number, protocol: Protocol::Tcp });
    let allowed = ports(&numbers.collect::<Vec<_>>());
    let from = selected(&target.ungated.peers.controllers, &target.ungated.peers.controller_addresses);
    (!allowed.is_empty() && !from.is_empty()).then(|| json!({ "from": from, "ports": allowed }))
}

/// A rule for each of the ports that these connections use: pods of an earlier release may still use another.
fn clients<'a>(edges: impl Iterator<Item = &'a Edge>) -> Vec<Value> {
    let mut clients: BTreeMap<&Ports, Vec<Value>> = BTreeMap::new();
    for edge in edges {
        clients.entry(&edge.ports).or_default().push(end(&edge.from));
    }
    clients.into_iter().map(|(ports, from)| with_ports(json!({ "from": from }), ports)).collect()
}

/// The platform's monitoring, on the port for metrics.
fn monitoring(peers: &PlatformPeers, port: PortNumber) -> Option<Value> {
    let from = selected(&peers.monitoring, &peers.monitoring_addresses);
    (!from.is_empty()).then(|| json!({ "from": from, "ports": ports(&[port]) }))
}

fn egress(target: &Target, edges: &BTreeSet<Edge>, label: &str) -> Vec<Value> {
    let edges = edges.iter().filter(|edge| is_own(&edge.from, label));
    let rules = edges.map(|edge| with_ports(json!({ "to": [end(&edge.to)] }), &edge.ports));
    dns(&target.ungated.peers.dns).into_iter().chain(rules).collect()
}

/// DNS servers on their ports. `None` if the policy names none, because an empty `to` would match every destination.
fn dns(dns: &Dns) -> Option<Value> {
    let to = selected(&dns.peers, &dns.cidrs);
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
        End::Database(labels) => database_pods(labels),
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

fn database_pods(labels: &BTreeMap<String, String>) -> Value {
    json!({ "podSelector": with_labels_of_no_app(labels) })
}

/// Policies add up: one whose selector also matched a component's pods would open them to the clients of a database.
fn with_labels_of_no_app(labels: &BTreeMap<String, String>) -> Value {
    json!({ "matchLabels": labels, "matchExpressions": [{ "key": WORKLOAD, "operator": "DoesNotExist" }] })
}

/// Pods and addresses of the platform.
fn selected(pods: &[PodSelection], addresses: &[IpNet]) -> Vec<Value> {
    let addresses = addresses.iter().map(|cidr| json!({ "ipBlock": { "cidr": cidr.to_string() } }));
    pods.iter().map(selection).chain(addresses).collect()
}

fn selection(pods: &PodSelection) -> Value {
    let mut selected = json!({ "namespaceSelector": namespace_selector(&pods.namespace) });
    if !pods.labels.is_empty() {
        insert(&mut selected, "podSelector", json!({ "matchLabels": pods.labels }));
    }
    selected
}

/// Selects by the label that the API server itself sets on every namespace, so that no tenant can claim another name.
fn namespace_selector(namespace: &str) -> Value {
    json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } })
}

fn ports(ports: &[PortNumber]) -> Vec<Value> {
    ports.iter().map(|port| json!({ "port": port.number, "protocol": port.protocol })).collect()
}
