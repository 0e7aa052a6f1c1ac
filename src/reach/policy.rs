//! A NetworkPolicy in the form in which it is kept and judged.

use ipnet::IpNet;

use super::{
    ports::{NamedPort, PolicyPort, Transport},
    selector::Selector,
};

/// A NetworkPolicy. It allows what its rules allow and isolates the pods that it selects from all else, unless another policy allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its namespace, which is also that of the pods it selects.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The pods that it selects.
    pub pods: Selector,
    /// Connections that it lets in; `None` if it doesn't isolate the pods in this direction.
    pub ingress: Option<Vec<Rule>>,
    /// Connections that it lets out; `None` if it doesn't isolate the pods in this direction.
    pub egress: Option<Vec<Rule>>,
}

/// Connections that are allowed: from or to any of the peers, on any of the ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The other ends; everyone if empty.
    pub peers: Vec<Peer>,
    /// Ports of the end that accepts the connection; all if empty.
    pub ports: Vec<PolicyPort>,
}

/// The other end of allowed connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Pods.
    Pods {
        /// Their namespaces; the policy's own if `None`.
        namespaces: Option<Selector>,
        /// Which of the pods in these namespaces; all if `None`.
        pods: Option<Selector>,
    },
    /// Addresses.
    Range {
        /// The range, without host bits.
        cidr: IpNet,
        /// Parts of it that are left out.
        except: Vec<IpNet>,
    },
}

impl Policy {
    /// Bytes that it takes in memory, by which a cache bounds what it keeps of policies that it didn't make.
    #[must_use]
    pub fn size(&self) -> usize {
        let rules = |rules: &Option<Vec<Rule>>| rules.iter().flatten().map(Rule::size).sum::<usize>();
        let own = size_of::<Self>() + self.namespace.len() + self.name.len();
        own + self.pods.heap() + rules(&self.ingress) + rules(&self.egress)
    }
}

impl Rule {
    /// Whether it allows connections to a port of an end that declares these named ports.
    #[must_use]
    pub fn covers(&self, number: u16, transport: Transport, named: &[NamedPort]) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|port| port.covers(number, transport, named))
    }

    fn size(&self) -> usize {
        let ports = self.ports.iter().map(|port| {
            size_of::<PolicyPort>() + if let PolicyPort::Named { name, .. } = port { name.len() } else { 0 }
        });
        let peers = self.peers.iter().map(|peer| {
            let selectors =
                |selectors: [&Option<Selector>; 2]| selectors.into_iter().flatten().map(Selector::heap).sum();
            size_of::<Peer>()
                + match peer {
                    Peer::Pods { namespaces, pods } => selectors([namespaces, pods]),
                    Peer::Range { except, .. } => except.len() * size_of::<IpNet>(),
                }
        });
        size_of::<Self>() + ports.sum::<usize>() + peers.sum::<usize>()
    }
}
