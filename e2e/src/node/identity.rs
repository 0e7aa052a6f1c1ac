//! What the node is known by: its address, its name and its folder.

use std::net::Ipv4Addr;

/// Where the node, and with it the API server, can be reached from its pods and from the tests.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 200, 0, 1);

/// The name of the node.
pub(crate) const NAME: &str = "node";

/// Where everything of the node is, in the `/run` that only its own processes see.
pub(super) const STATE: &str = "/run/node";
