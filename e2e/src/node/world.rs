//! What is outside of the cluster: a network namespace of its own behind the node, with addresses of the internet and of a cloud's
//! metadata service. On all of them the guest listens, so a connection fails only where a policy denies it.

use anyhow::{Context, Result};

use super::command::run;
use super::identity::ADDRESS;
use super::images;
use crate::programs::Program;

/// The node's interface to the outside.
pub(super) const INTERFACE: &str = "node0";

/// The other end of [`INTERFACE`], and the name of the namespace.
const OUTSIDE: &str = "world";

/// The next hop of the node's packets to the outside.
const GATEWAY: &str = "10.200.0.2";

/// Where a cloud's machines get their credentials from.
pub const METADATA: &str = "169.254.169.254";

/// Addresses in different networks of the internet, reserved for documentation by RFC 5737.
pub const INTERNET: [&str; 3] = ["203.0.113.10", "198.51.100.1", "192.0.2.5"];

/// The ports on which something listens at each of the addresses, and the names of the programs that do.
const LISTENERS: [(&str, u16); 3] = [("world-http", 80), ("world-https", 443), ("world-mysql", 3306)];

/// Creates the namespace and the node's routes to it.
pub(super) async fn prepare() -> Result<()> {
    for line in [
        &format!("netns add {OUTSIDE}"),
        &format!("link add {INTERFACE} type veth peer name {OUTSIDE}"),
        &format!("link set {OUTSIDE} netns {OUTSIDE}"),
        &format!("address add {ADDRESS}/24 dev {INTERFACE}"),
        &format!("link set {INTERFACE} up"),
        &format!("-n {OUTSIDE} link set lo up"),
        &format!("-n {OUTSIDE} address add {GATEWAY}/24 dev {OUTSIDE}"),
        &format!("-n {OUTSIDE} link set {OUTSIDE} up"),
        &format!("-n {OUTSIDE} route add default via {ADDRESS}"),
        &format!("route add default via {GATEWAY}"),
    ] {
        ip(line).await?;
    }
    for address in INTERNET.iter().chain([&METADATA]) {
        ip(&format!("-n {OUTSIDE} address add {address}/32 dev lo")).await?;
    }
    Ok(())
}

/// The programs that listen outside.
pub(super) fn listeners() -> Result<Vec<Program>> {
    let guest = images::guest()?;
    let listener = |(name, port): (&'static str, u16)| Program {
        name,
        path: "ip".into(),
        arguments: vec!["netns".into(), "exec".into(), OUTSIDE.into(), guest.display().to_string(), format!(":{port}")],
        environment: Vec::new(),
    };
    Ok(LISTENERS.into_iter().map(listener).collect())
}

pub(super) async fn ip(line: &str) -> Result<()> {
    let arguments: Vec<&str> = line.split(' ').collect();
    run("ip", &arguments).await.context("a node needs a kernel with veth interfaces and network namespaces")
}
