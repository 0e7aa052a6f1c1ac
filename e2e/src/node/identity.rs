//! The node's address, name and folder.

use std::net::Ipv4Addr;

/// The address of the node and the API server, for pods and tests.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 200, 0, 1);

/// The name of the node.
pub(crate) const NAME: &str = "node";

/// The folder of the node's files, in the `/run` of its mount namespace.
pub(super) const STATE: &str = "/run/node";
