//! The connections that a spec declares: `connectsTo` inside the app and to its databases, `connectsToApps` and `allowFrom`
//! between apps, `egress` to addresses outside the cluster.

use std::collections::BTreeSet;

use super::{
    database::Database,
    edge::{Edge, End, Peer, Ports},
    external_range,
    id::{AppId, PartName, workload_label},
    names,
    policy::Policy,
    review::Review,
    task::MIGRATE,
    workload::Workload,
};
use crate::api;

/// The connections of an app.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// Connections that the app's components open. A release freezes them.
    pub(super) edges: BTreeSet<Edge>,
    /// Connections that components of other apps may open. They apply at once.
    pub(super) allowed: BTreeSet<Edge>,
}

/// What connections are checked against.
pub(super) struct Parts<'a> {
    /// The app.
    pub(super) id: &'a AppId,
    /// Its components.
    pub(super) workloads: &'a [Workload],
    /// Its databases, as far as they are accepted.
    pub(super) databases: &'a [Database],
}

pub(super) fn accept(
    spec: &api::HardenedAppSpec,
    parts: &Parts<'_>,
    policy: &Policy,
    review: &mut Review,
) -> Connections {
    let id = parts.id;
    let mut connections = Connections::default();
    for spec in &spec.components {
        let path = format!("spec.components[{}]", spec.name);
        let own = End::own(workload_label(&id.name, &spec.name));
        let edge = |to, ports| Edge { from: own.clone(), to, ports };
        for name in &spec.connects_to {
            let (ends, on) = named(name, spec, parts, &path, review);
            connections.edges.extend(ends.into_iter().map(|to| edge(to, on.clone())));
        }
        peer_names(&spec.connects_to_apps, &format!("{path}.connectsToApps"), review);
        let apps = spec.connects_to_apps.iter().map(|peer| edge(End::Pods(of_app(peer, id)), Ports::All));
        connections.edges.extend(apps);
        let ranges = external_range::accept(spec, policy, &path, review).into_iter();
        connections.edges.extend(ranges.map(|(range, ports)| edge(End::Range(range), ports)));
        connections.allowed.extend(allowed(spec, id, parts.workloads, &path, review));
    }
    connections.edges.extend(migration(spec, parts));
    for database in &spec.databases {
        connections.allowed.extend(clients(database, &spec.components, parts, review));
    }
    connections
}

/// Where `connectsTo` leads: to the ports of a component, or to a database.
fn named(name: &str, from: &api::Component, parts: &Parts<'_>, path: &str, review: &mut Review) -> (Vec<End>, Ports) {
    let path = format!("{path}.connectsTo[{name}]");
    let none = (Vec::new(), Ports::Of(Vec::new()));
    if name == from.name {
        review.reject(path, "a component needs no connection to itself", "remove it");
        return none;
    }
    if let Some(database) = parts.databases.iter().find(|database| database.name.as_str() == name) {
        return (database.ends(parts.id), database.ports());
    }
    match parts.workloads.iter().find(|workload| workload.name.as_str() == name) {
        Some(target) if target.template.ports.is_empty() => {
            let remedy = format!("declare spec.components[{name}].ports, or remove the connection");
            review.reject(path, format!("component {name} has no ports"), remedy);
            none
        }
        Some(target) => (vec![End::own(parts.id.workload_label(&target.name))], target.template.all_ports()),
        // A database that isn't accepted is reported where it is declared.
        None if review.rejects_below(&format!("spec.databases[{name}]")) => none,
        None => {
            let remedy = "name a component or database of this app; list components of other apps under connectsToApps";
            review.reject(path, format!("the app has no component or database {name}"), remedy);
            none
        }
    }
}

/// The migration connects to databases only.
fn migration(spec: &api::HardenedAppSpec, parts: &Parts<'_>) -> Vec<Edge> {
    let names = spec.migration.iter().flat_map(|migration| &migration.connects_to);
    let databases = names.filter_map(|name| parts.databases.iter().find(|database| database.name.as_str() == name));
    databases.flat_map(|database| database.connections_of(&PartName::new(MIGRATE), parts.id)).collect()
}

/// The connections that `allowFrom` of a database allows. A database needs a client: without one it would be closed to everyone.
fn clients(spec: &api::Database, components: &[api::Component], parts: &Parts<'_>, review: &mut Review) -> Vec<Edge> {
    let path = format!("spec.databases[{}]", spec.name);
    for (index, client) in spec.allow_from.iter().enumerate() {
        let path = format!("{path}.allowFrom[{index}]");
        names::of_peer("HardenedApp", &client.app, 30, format!("{path}.app"), review);
        names::of_peer("component", &client.component, 20, format!("{path}.component"), review);
    }
    if spec.allow_from.is_empty() && !components.iter().any(|component| component.connects_to.contains(&spec.name)) {
        let remedy =
            format!("name it under connectsTo of a component, such as connectsTo: [{}], or remove it", spec.name);
        review.reject(&path, "no component connects to this database", remedy);
    }
    let Some(database) = parts.databases.iter().find(|database| database.name.as_str() == spec.name) else {
        return Vec::new();
    };
    let edge = |client: &api::DatabaseClient| {
        let from = End::own(workload_label(&client.app, &client.component));
        let edge = |to| Edge { from: from.clone(), to, ports: database.ports() };
        database.ends(parts.id).into_iter().map(edge).collect::<Vec<_>>()
    };
    spec.allow_from.iter().flat_map(edge).collect()
}

/// The connections that `allowFrom` allows: from the other app's component to all ports of this one.
fn allowed(spec: &api::Component, id: &AppId, workloads: &[Workload], path: &str, review: &mut Review) -> Vec<Edge> {
    peer_names(&spec.allow_from, &format!("{path}.allowFrom"), review);
    if !spec.allow_from.is_empty() && spec.ports.is_empty() {
        review.reject(format!("{path}.allowFrom"), "the component has no ports", "declare ports, or remove allowFrom");
    }
    let Some(workload) = workloads.iter().find(|workload| workload.name.as_str() == spec.name) else {
        return Vec::new();
    };
    let edge = |peer| Edge {
        from: End::Pods(of_app(peer, id)),
        to: End::own(id.workload_label(&workload.name)),
        ports: workload.template.all_ports(),
    };
    spec.allow_from.iter().map(edge).collect()
}

fn peer_names(peers: &[api::AppPeer], path: &str, review: &mut Review) {
    for (index, peer) in peers.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Some(namespace) = &peer.namespace {
            names::of_namespace(namespace, format!("{path}.namespace"), review);
        }
        names::of_peer("HardenedApp", &peer.app, 30, format!("{path}.app"), review);
        names::of_peer("component", &peer.component, 20, format!("{path}.component"), review);
    }
}

fn of_app(peer: &api::AppPeer, id: &AppId) -> Peer {
    Peer {
        namespace: peer.namespace.clone().filter(|namespace| *namespace != id.namespace),
        workload: workload_label(&peer.app, &peer.component),
    }
}
