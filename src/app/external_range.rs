//! Which addresses are outside the cluster.

use ipnet::IpNet;

use super::{
    edge::{ExternalRange, PortNumber, Ports},
    policy::Policy,
    review::Review,
};
use crate::api::{self, Check, Protocol};

/// Never outside: link-local addresses, and other addresses at which clouds offer metadata and credentials: Azure,
/// Alibaba, Oracle, AWS and Google over IPv6.
const METADATA: [&str; 7] = [
    "169.254.0.0/16",
    "168.63.129.16/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "fe80::/10",
    "fd00:ec2::/32",
    "fd20:ce::/32",
];
/// IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2): network plugins differ in how they match them, and newer API servers
/// reject them.
const MAPPED: &str = "::ffff:0:0/96";
/// Ranges that count as the cluster's if the policy's `clusterCIDRs` name none of their address family.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

/// An IPv6 range that isn't longer than this is no organization's: it stands for all or much of the Internet, and a cluster whose
/// addresses aren't private may be anywhere in it.
const WIDE: u8 = 7;

/// A component's ranges outside the cluster with their TCP ports; everything inside is excluded from them.
pub(super) fn accept(
    spec: &api::Component,
    policy: &Policy,
    path: &str,
    review: &mut Review,
) -> Vec<(ExternalRange, Ports)> {
    let metadata: Vec<IpNet> = METADATA.iter().filter_map(|cidr| cidr.parse().ok()).collect();
    let cluster = cluster(policy);
    let inside = IpNet::aggregate(&metadata.iter().copied().chain(cluster).collect());
    let mut accepted = Vec::new();
    for egress in &spec.egress {
        let path = format!("{path}.egress[{}]", egress.cidr);
        let Ok(cidr) = egress.cidr.parse::<IpNet>().map(|cidr| cidr.trunc()) else {
            review.reject(path, "not an address range", "write one such as 203.0.113.0/24");
            continue;
        };
        if MAPPED.parse().is_ok_and(|mapped: IpNet| mapped.contains(&cidr)) {
            review.reject(path, "an IPv4 range in IPv6 form", "write it in IPv4 form, such as 203.0.113.0/24");
            continue;
        }
        if let Some(range) = inside.iter().find(|range| range.contains(&cidr)) {
            let remedy = if metadata.iter().any(|range| range.contains(&cidr)) {
                "name another range; metadata addresses are never opened"
            } else if !names_family(policy, &cidr) {
                "name an outside range; where private addresses lie outside the cluster, the platform team sets clusterCIDRs in the HardeningPolicy"
            } else {
                "name an outside range; inside the cluster use connectsTo"
            };
            review.reject(path, format!("{cidr} lies in {range}, which is not outside the cluster"), remedy);
            continue;
        }
        if may_hold_the_cluster(policy, &cidr) {
            let message = format!(
                "egress to {cidr} may reach the cluster itself: the HardeningPolicy names no IPv6 range of pods, Services and nodes, so only private ones (fc00::/7) are excluded; have the platform team set network.clusterCIDRs, or name narrower ranges"
            );
            review.find(&spec.name, Check::ClusterRangeUnknown, &message);
        }
        // "except: ... values will be rejected if they are outside the cidr range" (NetworkPolicy API). A range that
        // equals one of them is rejected above.
        let except = inside.iter().filter(|range| cidr.contains(*range)).copied().collect();
        accepted.push((ExternalRange { cidr, except }, ports(&egress.ports)));
    }
    accepted
}

/// The cluster's ranges: per address family those that the policy names, or else the private ranges.
fn cluster(policy: &Policy) -> Vec<IpNet> {
    let private = PRIVATE.iter().filter_map(|cidr| cidr.parse().ok()).filter(|range| !names_family(policy, range));
    policy.cluster_cidrs.iter().copied().chain(private).collect()
}

/// Whether addresses of the cluster may be in a range from which they can't be excluded. Of IPv6 only: there pods and nodes often have
/// public addresses, while those of an IPv4 cluster are private, which is excluded.
fn may_hold_the_cluster(policy: &Policy, cidr: &IpNet) -> bool {
    cidr.addr().is_ipv6() && cidr.prefix_len() <= WIDE && !names_family(policy, cidr)
}

/// Whether the policy names a range of this one's address family.
fn names_family(policy: &Policy, range: &IpNet) -> bool {
    policy.cluster_cidrs.iter().any(|named| named.addr().is_ipv4() == range.addr().is_ipv4())
}

fn ports(numbers: &[i32]) -> Ports {
    let numbers = numbers.iter().filter_map(|port| u16::try_from(*port).ok()).filter(|port| *port > 0);
    let mut ports: Vec<PortNumber> = numbers.map(|number| PortNumber { number, protocol: Protocol::Tcp }).collect();
    ports.sort_unstable();
    Ports::Of(ports)
}
