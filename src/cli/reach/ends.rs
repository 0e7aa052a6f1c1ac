//! The ends between which connections are judged: the workloads of the input, the ends that always stand, and those that policies name.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{
    address::Address,
    bare::{OTHER_NAMESPACE, inside, of_pod, outside, pod},
    manifests::Manifests,
    named,
};
use crate::{
    app::PodSelection,
    reach::{Endpoint, Peer, Pod, Policy, PolicyPort, Rule, Transport},
};

/// The address at which clouds offer metadata and credentials.
const METADATA: [u8; 4] = [169, 254, 169, 254];
/// Addresses of documentation (RFC 5737, RFC 3849, RFC 9637): the first that lies in no range that a policy names stands for the Internet.
const INTERNET: [&[&str]; 2] =
    [&["203.0.113.1", "198.51.100.1", "192.0.2.1"], &["2001:db8::1", "2001:db8:ffff::1", "3fff::1"]];
/// Asked of pods whose ports are unknown.
const ANY_PORT: (u16, Transport) = (8080, Transport::Tcp);
/// An end, and what is asked about it.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) end: Endpoint,
    /// Ports asked of it.
    pub(super) ports: BTreeSet<(u16, Transport)>,
    /// Whether it is a workload of the input.
    pub(super) is_workload: bool,
}

/// All ends.
pub(super) struct Ends {
    /// Workloads sorted by name, then the others in a fixed order.
    pub(super) all: Vec<Row>,
    /// What policies name and no end stands for.
    pub(super) notes: BTreeSet<String>,
}

impl Ends {
    /// The ends for an input.
    pub(super) fn of(manifests: &Manifests, addresses: &[Address]) -> Self {
        let mut ends = Self { all: workloads(manifests), notes: BTreeSet::new() };
        ends.add_standing(manifests);
        for Address { name, ip, port } in addresses {
            ends.add(name.clone(), outside(*ip), [(*port, Transport::Tcp)]);
        }
        ends.add_named(manifests);
        let named_ports = ports_that_rules_name(&manifests.policies);
        for row in &mut ends.all {
            if row.is_workload {
                let of_policies = row.end.pod.iter().flat_map(|pod| ports_opened_at(pod, &manifests.policies));
                row.ports.extend(of_policies.collect::<Vec<_>>());
            }
            // A container needn't declare the ports on which it listens.
            if !row.is_workload || row.ports.is_empty() {
                row.ports.extend(&named_ports);
            }
            if row.ports.is_empty() {
                row.ports.insert(ANY_PORT);
            }
        }
        ends
    }

    /// Adds an end beside the workloads, unless there is one that policies can't tell from it.
    fn add(&mut self, name: String, end: Endpoint, ports: impl IntoIterator<Item = (u16, Transport)>) {
        match self.all.iter_mut().find(|row| !row.is_workload && row.end == end) {
            Some(row) => row.ports.extend(ports),
            None => self.all.push(Row { name, end, ports: ports.into_iter().collect(), is_workload: false }),
        }
    }

    fn add_standing(&mut self, manifests: &Manifests) {
        let namespaces: BTreeSet<&str> =
            manifests.workloads.iter().map(|workload| workload.namespace.as_str()).collect();
        for namespace in namespaces.into_iter().chain([OTHER_NAMESPACE]) {
            let pod = pod(namespace, manifests.namespace_labels(namespace), BTreeMap::new());
            self.add(of_pod(&pod), inside(pod), [ANY_PORT]);
        }
        let dns = &manifests.dns;
        let ports = || dns.ports.iter().flat_map(|port| [(*port, Transport::Tcp), (*port, Transport::Udp)]);
        for PodSelection { namespace, labels } in &dns.peers {
            let pod = pod(namespace, manifests.namespace_labels(namespace), labels.clone());
            self.add(format!("DNS: {}", of_pod(&pod)), inside(pod), ports());
        }
        for cidr in &dns.cidrs {
            self.add(format!("DNS: {}", cidr.addr()), outside(cidr.addr()), ports());
        }
        let metadata = IpAddr::from(METADATA);
        self.add(format!("cloud metadata {metadata}"), outside(metadata), [(80, Transport::Tcp)]);
        for candidates in INTERNET {
            let internet: Vec<IpAddr> = candidates.iter().filter_map(|address| address.parse().ok()).collect();
            let unnamed = internet.iter().find(|address| !is_in_a_range(address, &manifests.policies));
            if let Some(address) = unnamed.or_else(|| internet.first()) {
                self.add(format!("Internet {address}"), outside(*address), [(443, Transport::Tcp)]);
            }
        }
    }

    /// Adds the pods and addresses that policies name and no workload is.
    fn add_named(&mut self, manifests: &Manifests) {
        let is_workload = |ends: &Self, peer: &Peer, policy: &Policy| {
            let mut pods = ends.all.iter().filter(|row| row.is_workload).filter_map(|row| row.end.pod.as_ref());
            pods.any(|pod| named::stands_for(pod, peer, policy))
        };
        for policy in &manifests.policies {
            let selected = Peer::Pods { namespaces: None, pods: Some(policy.pods.clone()) };
            let peers = rules(policy).flat_map(|rule| &rule.peers);
            for peer in [&selected].into_iter().chain(peers) {
                if is_workload(self, peer, policy) {
                    continue;
                }
                match named::representative(peer, policy, manifests) {
                    Ok(Some((name, end))) => self.add(name, end, []),
                    Ok(None) => {}
                    Err(note) => drop(self.notes.insert(note)),
                }
            }
        }
        self.note_unknown_names(manifests);
    }

    /// A name of a port that no workload declares has no number, so that what it opens can't be shown.
    fn note_unknown_names(&mut self, manifests: &Manifests) {
        let declared = manifests.workloads.iter().flat_map(|workload| &workload.named_ports);
        let declared: BTreeSet<(&str, Transport)> = declared.map(|port| (port.name.as_str(), port.transport)).collect();
        for policy in &manifests.policies {
            for port in policy.egress.iter().flatten().flat_map(|rule| &rule.ports) {
                if let PolicyPort::Named { transport, name } = port
                    && !declared.contains(&(name.as_str(), *transport))
                {
                    let (namespace, policy) = (&policy.namespace, &policy.name);
                    self.notes.insert(format!(
                        "port {name}/{transport} in the egress of {namespace}/{policy}: no workload declares a port of this name"
                    ));
                }
            }
        }
    }
}

fn workloads(manifests: &Manifests) -> Vec<Row> {
    let name = |workload: &super::workload::Workload| format!("{}/{}", workload.namespace, workload.name);
    let rows = manifests.workloads.iter().map(|workload| {
        let is_unique = manifests.workloads.iter().filter(|other| name(other) == name(workload)).count() == 1;
        let pod = Pod {
            ports: workload.named_ports.clone(),
            ..pod(&workload.namespace, manifests.namespace_labels(&workload.namespace), workload.labels.clone())
        };
        Row {
            name: if is_unique { name(workload) } else { format!("{} ({})", name(workload), workload.kind) },
            end: Endpoint { pod: Some(pod), addresses: workload.addresses.clone() },
            ports: workload.ports.clone(),
            is_workload: true,
        }
    });
    rows.collect()
}

fn rules(policy: &Policy) -> impl Iterator<Item = &Rule> {
    policy.ingress.iter().chain(&policy.egress).flatten()
}

/// Whether an address lies in a range that is narrower than all addresses.
fn is_in_a_range(address: &IpAddr, policies: &[Policy]) -> bool {
    let mut peers = policies.iter().flat_map(rules).flat_map(|rule| &rule.peers);
    peers.any(|peer| matches!(peer, Peer::Range { cidr, .. } if cidr.prefix_len() > 0 && cidr.contains(address)))
}

fn ports_that_rules_name(policies: &[Policy]) -> BTreeSet<(u16, Transport)> {
    policies.iter().flat_map(rules).flat_map(numbers).collect()
}

/// The ports on which policies let connections in to a pod, declared by a container or not.
fn ports_opened_at(pod: &Pod, policies: &[Policy]) -> impl Iterator<Item = (u16, Transport)> {
    let selecting =
        policies.iter().filter(|policy| policy.namespace == pod.namespace && policy.pods.matches(&pod.labels));
    selecting.flat_map(|policy| policy.ingress.iter().flatten()).flat_map(numbers)
}

/// The numbers of a rule's ports, the first of each range.
fn numbers(rule: &Rule) -> impl Iterator<Item = (u16, Transport)> {
    rule.ports.iter().filter_map(|port| match port {
        PolicyPort::Numbers { first: 1, last: u16::MAX, .. } | PolicyPort::Named { .. } => None,
        PolicyPort::Numbers { transport, first, .. } => Some((*first, *transport)),
    })
}
