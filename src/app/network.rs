//! With whom a component may talk, and which addresses are outside the cluster.

use ipnet::IpNet;

use super::{Policy, Port, rejection::Rejections};
use crate::api;

/// Pods of one component, of this app or another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer {
    /// Namespace, if not the app's own.
    pub namespace: Option<String>,
    /// Value of their selector label.
    pub workload: String,
}

/// Pods that a component may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which pods.
    pub peer: Peer,
    /// On which ports. Empty for another app: its ports are its own affair, and its policy opens only those it declares.
    pub ports: Vec<Port>,
}

/// Addresses outside the cluster that a component may call over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The range.
    pub cidr: IpNet,
    /// Parts of it that are cut out: the cluster's own and the node's.
    pub except: Vec<IpNet>,
    /// TCP ports.
    pub ports: Vec<u16>,
}

/// The selector label's value for a component of an app.
pub(super) fn workload(app: &str, component: &str) -> String {
    format!("{app}.{component}")
}

/// Never outside: link-local addresses, and where clouds serve metadata and credentials elsewhere: Azure, Alibaba, Oracle,
/// AWS and Google over IPv6.
const METADATA: [&str; 7] = [
    "169.254.0.0/16",
    "168.63.129.16/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "fe80::/10",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
];
/// IPv4 addresses in IPv6 clothes: plugins differ in what they take them for, and the API server refuses them in newer versions.
const MAPPED: &str = "::ffff:0:0/96";
/// Taken for the cluster's as long as the policy doesn't say which ranges are.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

/// Ranges outside the cluster, with everything cut out that isn't.
pub(super) fn outside(specs: &[api::Egress], policy: &Policy, path: &str, rejections: &mut Rejections) -> Vec<Outside> {
    let metadata: Vec<IpNet> = METADATA.iter().filter_map(|cidr| cidr.parse().ok()).collect();
    let cluster: Vec<IpNet> = if policy.cluster_cidrs.is_empty() {
        PRIVATE.iter().filter_map(|cidr| cidr.parse().ok()).collect()
    } else {
        policy.cluster_cidrs.clone()
    };
    let inside = IpNet::aggregate(&metadata.iter().copied().chain(cluster).collect());
    let mut accepted = Vec::new();
    for spec in specs {
        let path = format!("{path}.egress[{}]", spec.cidr);
        let Ok(cidr) = spec.cidr.parse::<IpNet>().map(|cidr| cidr.trunc()) else {
            rejections.add(path, "not an address range", "write one such as 203.0.113.0/24");
            continue;
        };
        if MAPPED.parse().is_ok_and(|mapped: IpNet| mapped.contains(&cidr)) {
            rejections.add(path, "an IPv4 range in IPv6 form", "write it in IPv4 form, such as 203.0.113.0/24");
            continue;
        }
        if let Some(range) = inside.iter().find(|range| range.contains(&cidr)) {
            let remedy = if metadata.iter().any(|range| range.contains(&cidr)) {
                "name another range; metadata addresses are never opened"
            } else if policy.cluster_cidrs.is_empty() {
                "name an outside range; where private addresses lie outside the cluster, the platform team sets clusterCIDRs in the HardeningPolicy"
            } else {
                "name an outside range; inside the cluster use connectsTo"
            };
            rejections.add(path, format!("{cidr} lies in {range}, which is not outside the cluster"), remedy);
            continue;
        }
        let mut ports: Vec<u16> =
            spec.ports.iter().filter_map(|port| u16::try_from(*port).ok()).filter(|port| *port > 0).collect();
        ports.sort_unstable();
        // "except: ... values will be rejected if they are outside the cidr range" (NetworkPolicy API); equal is refused above.
        let except = inside.iter().filter(|range| cidr.contains(*range)).copied().collect();
        accepted.push(Outside { cidr, except, ports });
    }
    accepted.sort_by(|one, other| (one.cidr, &one.ports).cmp(&(other.cidr, &other.ports)));
    accepted
}
