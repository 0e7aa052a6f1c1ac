//! The programs of a control plane, and who can reach it.

use std::net::{IpAddr, Ipv4Addr};

use crate::node::identity;

/// The programs of a control plane, and who can reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// etcd, the API server and the controller manager.
    All,
    /// Like [`Self::All`], with an API server that pods can reach.
    ForNode,
    /// Like [`Self::All`], with an API server that doesn't stream lists, as before Kubernetes 1.32.
    WithoutStreaming,
    /// No controller manager, so that only the measured client writes.
    Storage,
}

impl Parts {
    /// The address of the API server.
    pub(crate) fn address(self) -> IpAddr {
        if self == Self::ForNode { identity::ADDRESS.into() } else { Ipv4Addr::LOCALHOST.into() }
    }
}
