//! The connections that the components of a spec declare: `connectsTo` inside the app, `connectsToApps` and `allowFrom`
//! between apps, `egress` to addresses outside the cluster.

use std::collections::BTreeSet;

use super::{
    edge::{Edge, End, Peer, Ports},
    external_range,
    id::{AppId, workload_label},
    names,
    policy::Policy,
    review::Review,
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

pub(super) fn accept(
    specs: &[api::Component],
    id: &AppId,
    workloads: &[Workload],
    policy: &Policy,
    review: &mut Review,
) -> Connections {
    let mut connections = Connections::default();
    for spec in specs {
        let path = format!("spec.components[{}]", spec.name);
        let own = End::own(workload_label(&id.name, &spec.name));
        let edge = |to, ports| Edge { from: own.clone(), to, ports };
        for name in &spec.connects_to {
            if let Some(target) = component(name, workloads, &path, review) {
                let to = End::own(id.workload_label(&target.name));
                connections.edges.insert(edge(to, target.template.all_ports()));
            }
        }
        peer_names(&spec.connects_to_apps, &format!("{path}.connectsToApps"), review);
        let apps = spec.connects_to_apps.iter().map(|peer| edge(End::Pods(of_app(peer, id)), Ports::All));
        connections.edges.extend(apps);
        let ranges = external_range::accept(spec, policy, &path, review).into_iter();
        connections.edges.extend(ranges.map(|(range, ports)| edge(End::Range(range), ports)));
        connections.allowed.extend(allowed(spec, id, workloads, &path, review));
    }
    connections
}

/// The component that `connectsTo` names.
fn component<'a>(name: &str, workloads: &'a [Workload], path: &str, review: &mut Review) -> Option<&'a Workload> {
    let found = workloads.iter().find(|workload| workload.name.as_str() == name);
    let path = format!("{path}.connectsTo[{name}]");
    match found {
        Some(target) if target.template.ports.is_empty() => {
            let remedy = format!("declare spec.components[{name}].ports, or remove the connection");
            review.reject(path, format!("component {name} has no ports"), remedy);
            None
        }
        Some(target) => Some(target),
        None => {
            let remedy = "name a component of this app; list components of other apps under connectsToApps";
            review.reject(path, format!("the app has no component {name}"), remedy);
            None
        }
    }
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
