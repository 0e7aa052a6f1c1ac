//! The pods and addresses that policies name: one of each stands for all of them.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

use super::{
    bare::{OTHER_NAMESPACE, inside, of_pod, outside, pod},
    manifests::Manifests,
};
use crate::reach::{Endpoint, NAMESPACE_NAME, Operator, Peer, Pod, Policy, Selector};

/// An end that a peer stands for, and its name; `None` where other ends show what the peer means.
///
/// # Errors
/// If no pod could be made that the selectors select: what there is no end for.
pub(super) fn representative(
    peer: &Peer,
    policy: &Policy,
    manifests: &Manifests,
) -> Result<Option<(String, Endpoint)>, String> {
    match peer {
        // The Internet stands for all addresses.
        Peer::Range { cidr, .. } if cidr.prefix_len() == 0 => Ok(None),
        Peer::Range { cidr, except } => {
            Ok(first_address(cidr, except).map(|address| (format!("addresses {cidr}"), outside(address))))
        }
        Peer::Pods { namespaces, pods } => {
            let found =
                namespace(namespaces.as_ref(), policy, manifests).zip(satisfying(pods.as_ref(), BTreeMap::new()));
            let Some(((name, namespace_labels), labels)) = found else {
                return Err(format!("pods that {}/{} names: {peer}", policy.namespace, policy.name));
            };
            let pod = pod(&name, namespace_labels, labels);
            Ok(Some((of_pod(&pod), inside(pod))))
        }
    }
}

/// Whether a pod is one of those that a peer names.
pub(super) fn stands_for(pod: &Pod, peer: &Peer, policy: &Policy) -> bool {
    let Peer::Pods { namespaces, pods } = peer else { return false };
    let is_there = match namespaces {
        None => pod.namespace == policy.namespace,
        Some(namespaces) => namespaces.matches(&pod.namespace_labels),
    };
    is_there && pods.as_ref().is_none_or(|pods| pods.matches(&pod.labels))
}

/// A namespace that is selected, and its labels.
fn namespace(
    selector: Option<&Selector>,
    policy: &Policy,
    manifests: &Manifests,
) -> Option<(String, BTreeMap<String, String>)> {
    let names = selector.and_then(|selector| selector.values(NAMESPACE_NAME));
    let name = match (selector, names.as_deref()) {
        (None, _) => &policy.namespace,
        (Some(_), Some([name, ..])) => *name,
        (Some(_), _) => OTHER_NAMESPACE,
    };
    let labels = manifests.namespace_labels(name);
    // What is known of a namespace isn't made up.
    let labels = if manifests.has_namespace(name) {
        selector.is_none_or(|selector| selector.matches(&labels)).then_some(labels)
    } else {
        satisfying(selector, labels)
    };
    Some((name.to_owned(), labels?))
}

/// These labels, and those that a selector requires; `None` if it doesn't select what has them.
fn satisfying(selector: Option<&Selector>, mut labels: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    let Some(selector) = selector else { return Some(labels) };
    labels.extend(selector.labels.iter().cloned());
    for expression in &selector.expressions {
        let value = match &expression.operator {
            Operator::In(values) => values.first().cloned(),
            Operator::Exists => Some(String::new()),
            Operator::NotIn(_) | Operator::DoesNotExist => None,
        };
        if let Some(value) = value {
            labels.entry(expression.key.clone()).or_insert(value);
        }
    }
    selector.matches(&labels).then_some(labels)
}

/// The first address of a range that isn't left out, nor the name of the network itself.
fn first_address(cidr: &IpNet, except: &[IpNet]) -> Option<IpAddr> {
    let mut address = cidr.hosts().next()?;
    while let Some(range) = except.iter().find(|range| range.contains(&address)) {
        address = next(range.broadcast())?;
    }
    cidr.contains(&address).then_some(address)
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}
