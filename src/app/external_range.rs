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
    let inside = inside(policy);
    let mut accepted = Vec::new();
    for egress in &spec.egress {
        let path = format!("{path}.egress[{}]", egress.cidr);
        let Some(cidr) = outside(&egress.cidr, &inside, policy, path, review) else { continue };
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

/// The ranges of a database outside the cluster. Unlike other egress none may be so wide that the cluster is in it: it names hosts.
pub(super) fn of_database(cidrs: &[String], policy: &Policy, path: &str, review: &mut Review) -> Vec<IpNet> {
    let inside = inside(policy);
    if cidrs.is_empty() {
        review.reject(
            format!("{path}.cidrs"),
            "no address of the database",
            "name at least one range such as 192.0.2.5/32",
        );
    }
    let mut accepted = Vec::new();
    for text in cidrs {
        let path = format!("{path}.cidrs[{text}]");
        let Some(cidr) = outside(text, &inside, policy, path.clone(), review) else { continue };
        let covered = inside.iter().find(|range| cidr.contains(*range));
        if covered.is_some() || may_hold_the_cluster(policy, &cidr) {
            let covered = covered.map_or_else(|| "addresses of the cluster".to_owned(), IpNet::to_string);
            let remedy = "name only the addresses of the database, such as 192.0.2.5/32";
            review.reject(path, format!("{cidr} covers {covered}, which must stay closed"), remedy);
        } else {
            accepted.push(cidr);
        }
    }
    accepted
}

/// What is not outside the cluster: its own addresses, and those at which clouds offer metadata.
fn inside(policy: &Policy) -> Vec<IpNet> {
    IpNet::aggregate(&metadata().chain(cluster(policy)).collect())
}

fn metadata() -> impl Iterator<Item = IpNet> {
    METADATA.iter().filter_map(|cidr| cidr.parse().ok())
}

/// Reads a range that isn't part of one inside.
fn outside(text: &str, inside: &[IpNet], policy: &Policy, path: String, review: &mut Review) -> Option<IpNet> {
    let Ok(cidr) = text.parse::<IpNet>().map(|cidr| cidr.trunc()) else {
        review.reject(path, "not an address range", "write one such as 203.0.113.0/24");
        return None;
    };
    if MAPPED.parse().is_ok_and(|mapped: IpNet| mapped.contains(&cidr)) {
        review.reject(path, "an IPv4 range in IPv6 form", "write it in IPv4 form, such as 203.0.113.0/24");
        return None;
    }
    let Some(range) = inside.iter().find(|range| range.contains(&cidr)) else { return Some(cidr) };
    let remedy = if metadata().any(|range| range.contains(&cidr)) {
        "name another range; metadata addresses are never opened"
    } else if !names_family(policy, &cidr) {
        "name an outside range; where private addresses lie outside the cluster, the platform team sets clusterCIDRs in the HardeningPolicy"
    } else {
        "name an outside range; inside the cluster use connectsTo"
    };
    review.reject(path, format!("{cidr} lies in {range}, which is not outside the cluster"), remedy);
    None
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
