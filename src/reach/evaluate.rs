//! Whether a connection is allowed: by the egress side of the pod that opens it and the ingress side of the pod that accepts it.
//!
//! What no NetworkPolicy decides isn't here: "Traffic is allowed [...] if the traffic source is the pod's local node" (NetworkPolicy
//! API), a container always reaches its own pod, and pods on the node's network have no policy of their own.

use ipnet::IpNet;

use super::{
    endpoint::Endpoint,
    policy::{Peer, Policy, Rule},
    population::Population,
    ports::{NamedPort, Transport},
    set::Set,
};

/// Policies and ends, prepared for questions about pairs of ends: each selector is evaluated once for all ends, and each end knows the
/// policies that select it.
pub struct Matrix<'a> {
    ends: &'a [Endpoint],
    ingress: Sides<'a>,
    egress: Sides<'a>,
}

/// Whether a connection is allowed, and by which policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// Policies that select the end that opens the connection.
    pub egress: Side<'a>,
    /// Policies that select the end that accepts it.
    pub ingress: Side<'a>,
}

/// The policies that select one end in one direction, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side<'a> {
    /// Those that allow the connection.
    pub allowing: Vec<&'a Policy>,
    /// Those that don't.
    pub denying: Vec<&'a Policy>,
}

impl Judgement<'_> {
    /// Whether both sides allow it.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        self.egress.is_allowed() && self.ingress.is_allowed()
    }
}

impl<'a> Side<'a> {
    /// Whether one policy allows it, or none selects the end.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        !self.allowing.is_empty() || self.denying.is_empty()
    }

    /// The policies that decide: those that allow it, or else those that don't.
    #[must_use]
    pub const fn deciding(&self) -> &Vec<&'a Policy> {
        if self.allowing.is_empty() { &self.denying } else { &self.allowing }
    }
}

/// The policies of one direction.
struct Sides<'a> {
    policies: Vec<(&'a Policy, Vec<Allowed<'a>>)>,
    /// For each end the places of the policies that select it.
    selecting: Vec<Vec<usize>>,
}

/// A rule with the ends that it allows.
struct Allowed<'a> {
    rule: &'a Rule,
    everyone: bool,
    pods: Set,
    /// By their addresses: IPv4, and IPv6.
    addresses: [Set; 2],
}

/// What is asked about a connection, besides its ends.
struct Connection<'a> {
    port: u16,
    transport: Transport,
    /// The named ports of the end that accepts it.
    named: &'a [NamedPort],
    family: Family,
}

/// The address family of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    /// Addresses are unknown, or the ends have none of the same family.
    Unknown,
}

impl<'a> Matrix<'a> {
    /// Prepares questions about connections between these ends.
    #[must_use]
    pub fn new(policies: &'a [Policy], ends: &'a [Endpoint]) -> Self {
        let population = Population::new(ends);
        Self {
            ends,
            ingress: Sides::new(policies, &population, |policy| policy.ingress.as_deref()),
            egress: Sides::new(policies, &population, |policy| policy.egress.as_deref()),
        }
    }

    /// Judges connections from one end to a port of another; both are given as their places in the list of ends. `None` if there is no
    /// such end. Where both have addresses of two families, one that is allowed is enough.
    #[must_use]
    pub fn judge(&self, from: usize, to: usize, port: u16, transport: Transport) -> Option<Judgement<'a>> {
        let (source, target) = (self.ends.get(from)?, self.ends.get(to)?);
        let judge = |family| {
            let connection = Connection { port, transport, named: target.named_ports(), family };
            Judgement {
                egress: self.egress.side(from, to, &connection),
                ingress: self.ingress.side(to, from, &connection),
            }
        };
        let (first, other) = families(source, target);
        let judgement = judge(first);
        match other.filter(|_| !judgement.is_allowed()).map(judge) {
            Some(other) if other.is_allowed() => Some(other),
            _ => Some(judgement),
        }
    }
}

/// The families in which two ends can have a connection.
fn families(from: &Endpoint, to: &Endpoint) -> (Family, Option<Family>) {
    let has = |end: &Endpoint, ipv4: bool| end.addresses.iter().any(|address| address.is_ipv4() == ipv4);
    let can = |ipv4| match (from.addresses.is_empty(), to.addresses.is_empty()) {
        (false, false) => has(from, ipv4) && has(to, ipv4),
        _ => has(from, ipv4) || has(to, ipv4),
    };
    match (can(true), can(false)) {
        (true, true) => (Family::V4, Some(Family::V6)),
        (true, false) => (Family::V4, None),
        (false, true) => (Family::V6, None),
        (false, false) => (Family::Unknown, None),
    }
}

impl<'a> Sides<'a> {
    fn new(
        policies: &'a [Policy],
        population: &Population<'_>,
        rules: impl Fn(&'a Policy) -> Option<&'a [Rule]>,
    ) -> Self {
        let mut sides = Self { policies: Vec::new(), selecting: vec![Vec::new(); population.len()] };
        for policy in policies {
            let Some(rules) = rules(policy) else { continue };
            let selected = population.selected(&policy.namespace, &policy.pods);
            // A policy that selects nothing has no part in any judgement.
            if selected.is_empty() {
                continue;
            }
            for end in selected.members() {
                if let Some(selecting) = sides.selecting.get_mut(end) {
                    selecting.push(sides.policies.len());
                }
            }
            let allowed = rules.iter().map(|rule| Allowed::new(rule, &policy.namespace, population));
            sides.policies.push((policy, allowed.collect()));
        }
        sides
    }

    /// The policies that select an end, by whether they allow a connection with another.
    fn side(&self, end: usize, other: usize, connection: &Connection<'_>) -> Side<'a> {
        let selecting = self.selecting.get(end).into_iter().flatten();
        let mut side = Side::default();
        for (policy, rules) in selecting.filter_map(|place| self.policies.get(*place)) {
            let is_allowed = rules.iter().any(|allowed| allowed.allows(other, connection));
            if is_allowed { side.allowing.push(policy) } else { side.denying.push(policy) }
        }
        side
    }
}

impl<'a> Allowed<'a> {
    fn new(rule: &'a Rule, namespace: &str, population: &Population<'_>) -> Self {
        let none = || Set::none(population.len());
        let (mut pods, mut addresses) = (none(), [none(), none()]);
        for peer in &rule.peers {
            let [ipv4, ipv6] = &mut addresses;
            let set = match peer {
                Peer::Pods { .. } => &mut pods,
                Peer::Range { cidr: IpNet::V4(_), .. } => ipv4,
                Peer::Range { cidr: IpNet::V6(_), .. } => ipv6,
            };
            set.unite(&population.peers(namespace, peer));
        }
        Self { rule, everyone: rule.peers.is_empty(), pods, addresses }
    }

    fn allows(&self, other: usize, connection: &Connection<'_>) -> bool {
        let [ipv4, ipv6] = &self.addresses;
        let is_peer = self.everyone
            || self.pods.contains(other)
            || (connection.family != Family::V6 && ipv4.contains(other))
            || (connection.family != Family::V4 && ipv6.contains(other));
        is_peer && self.rule.covers(connection.port, connection.transport, connection.named)
    }
}
