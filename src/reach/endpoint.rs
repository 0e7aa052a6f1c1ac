//! Who may open and accept connections: pods, and addresses outside the cluster.

use std::{collections::BTreeMap, net::IpAddr};

use super::ports::NamedPort;

/// One end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// What a NetworkPolicy can select it by; `None` outside the cluster, where no NetworkPolicy holds.
    pub pod: Option<Pod>,
    /// Its addresses, at most one of each family. Empty if unknown, as for pods that don't run yet: then only a range that leaves out
    /// no address at all applies to it.
    pub addresses: Vec<IpAddr>,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// All labels of the namespace, with `kubernetes.io/metadata.name`, which the API server sets.
    pub namespace_labels: BTreeMap<String, String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The ports of its containers that have names.
    pub ports: Vec<NamedPort>,
}

impl Endpoint {
    /// Its named ports. Outside the cluster a name has no meaning.
    pub(super) fn named_ports(&self) -> &[NamedPort] {
        self.pod.as_ref().map_or(&[], |pod| &pod.ports)
    }
}
