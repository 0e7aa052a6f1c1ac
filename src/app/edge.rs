//! Allowed connections: from pods of one part to pods of another, or to addresses outside the cluster.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::id::{AppId, PartName};
use crate::api::Protocol;

/// Connections that are allowed. Ordered, so that the union of two releases is the union of two sets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The end that opens the connection.
    pub from: End,
    /// The end that accepts it.
    pub to: End,
    /// Ports of `to`.
    pub ports: Ports,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum End {
    /// Pods of one part, of this app or another.
    Pods(Peer),
    /// Pods of the app's namespace with these labels that belong to no `HardenedApp`.
    Database(BTreeMap<String, String>),
    /// Addresses outside the cluster.
    Range(ExternalRange),
}

/// Pods of one part, of this app or another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Peer {
    /// Namespace, if not the app's own.
    pub namespace: Option<String>,
    /// Value of the label that selects them.
    pub workload: String,
}

/// Addresses outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExternalRange {
    /// The range.
    pub cidr: IpNet,
    /// Parts of it that are excluded: the cluster's own addresses and the node's.
    pub except: Vec<IpNet>,
}

/// Ports of the end that accepts connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ports {
    /// These, in the order in which they are declared.
    Of(Vec<PortNumber>),
    /// All. The other app declares its ports, and its NetworkPolicy allows only those.
    All,
}

/// A port of a pod or host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortNumber {
    /// Number.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
}

impl Edge {
    /// Whether it is a connection of this part of the app.
    #[must_use]
    pub fn is_from(&self, id: &AppId, part: &PartName) -> bool {
        self.from == End::own(id.workload_label(part))
    }

    /// Whether pods of this app open it.
    #[must_use]
    pub fn is_from_app(&self, id: &AppId) -> bool {
        self.from.workload_of(id).is_some()
    }
}

impl End {
    /// The label of the workload, if it is pods of this app.
    #[must_use]
    pub fn workload_of(&self, id: &AppId) -> Option<&str> {
        let Self::Pods(Peer { namespace: None, workload }) = self else { return None };
        workload.strip_prefix(&id.name).is_some_and(|rest| rest.starts_with('.')).then_some(workload)
    }

    /// The pods of a part in the app's own namespace.
    pub(super) const fn own(workload: String) -> Self {
        Self::Pods(Peer { namespace: None, workload })
    }
}
