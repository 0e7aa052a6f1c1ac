//! Who talks to whom: both ends of every connection inside the app, and our end of those to other apps.

use super::{Component, Owner, Peer, Target, names, network::workload, rejection::Rejections};
use crate::api;

/// Gives every component its clients and targets.
pub(super) fn connect(
    specs: &[api::Component],
    owner: &Owner,
    components: &mut [Component],
    rejections: &mut Rejections,
) {
    for spec in specs {
        let path = format!("spec.components[{}]", spec.name);
        let mut targets = Vec::new();
        for name in &spec.connects_to {
            let client = Peer { namespace: None, workload: workload(&owner.name, &spec.name) };
            match components.iter_mut().find(|component| component.name == *name) {
                Some(target) if target.ports.is_empty() => rejections.add(
                    format!("{path}.connectsTo[{name}]"),
                    format!("component {name} has no ports"),
                    format!("declare spec.components[{name}].ports, or remove the connection"),
                ),
                Some(target) => {
                    target.clients.push(client);
                    let peer = Peer { namespace: None, workload: target.workload.clone() };
                    targets.push(Target { peer, ports: target.ports.clone() });
                }
                None => rejections.add(
                    format!("{path}.connectsTo[{name}]"),
                    format!("the app has no component {name}"),
                    "name a component of this app; those of other apps stand under connectsToApps",
                ),
            }
        }
        peer_names(&spec.connects_to_apps, &format!("{path}.connectsToApps"), rejections);
        peer_names(&spec.allow_from, &format!("{path}.allowFrom"), rejections);
        targets
            .extend(spec.connects_to_apps.iter().map(|peer| Target { peer: of_app(peer, owner), ports: Vec::new() }));
        if !spec.allow_from.is_empty() && spec.ports.is_empty() {
            rejections.add(
                format!("{path}.allowFrom"),
                "there is no port to allow",
                "declare ports, or remove allowFrom",
            );
        }
        if let Some(component) = components.iter_mut().find(|component| component.name == spec.name) {
            component.clients.extend(spec.allow_from.iter().map(|peer| of_app(peer, owner)));
            component.targets = targets;
        }
    }
    for component in components {
        component.clients.sort();
        component.clients.dedup();
        component.targets.sort_by(|one, other| one.peer.cmp(&other.peer));
        component.targets.dedup();
    }
}

fn peer_names(peers: &[api::AppPeer], path: &str, rejections: &mut Rejections) {
    for (index, peer) in peers.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Some(namespace) = &peer.namespace {
            names::of_namespace(namespace, format!("{path}.namespace"), rejections);
        }
        names::of_peer("HardenedApp", &peer.app, 30, format!("{path}.app"), rejections);
        names::of_peer("component", &peer.component, 20, format!("{path}.component"), rejections);
    }
}

fn of_app(peer: &api::AppPeer, owner: &Owner) -> Peer {
    Peer {
        namespace: peer.namespace.clone().filter(|namespace| *namespace != owner.namespace),
        workload: workload(&peer.app, &peer.component),
    }
}
