//! Pods that accept connections on one port, such as those of a database.

use super::{
    pod_labels::PodLabels,
    policy::Rule,
    ports::{NamedPort, PolicyPort, Transport},
};

/// Pods that accept connections on one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Their namespace.
    pub namespace: String,
    /// Their labels.
    pub labels: PodLabels,
    /// The ports of their containers that have names.
    pub ports: Vec<NamedPort>,
    /// The port on which they listen.
    pub port: u16,
    /// Its transport protocol.
    pub transport: Transport,
}

impl Listener {
    /// Whether a rule of a policy that selects the pods allows connections to the port.
    pub(super) fn is_covered(&self, rule: &Rule) -> bool {
        rule.covers(self.port, self.transport, &self.ports)
    }

    /// Whether a port of such a rule stands for the port on which the pods listen.
    pub(super) fn is_on(&self, port: &PolicyPort) -> bool {
        port.covers(self.port, self.transport, &self.ports)
    }
}
