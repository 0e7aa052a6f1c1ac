//! Ends of which only labels or an address are known, and their names.

use std::{collections::BTreeMap, net::IpAddr};

use crate::reach::{Endpoint, NAMESPACE_NAME, Pod};

/// Stands for all namespaces that have no row of their own. No label has this value, so no selector names it.
pub(super) const OTHER_NAMESPACE: &str = "*";

/// A pod without named ports.
pub(super) fn pod(
    namespace: &str,
    namespace_labels: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
) -> Pod {
    Pod { namespace: namespace.to_owned(), namespace_labels, labels, ports: Vec::new() }
}

/// A pod as an end; its address is unknown.
pub(super) const fn inside(pod: Pod) -> Endpoint {
    Endpoint { pod: Some(pod), addresses: Vec::new() }
}

/// An address outside the pod network.
pub(super) fn outside(address: IpAddr) -> Endpoint {
    Endpoint { pod: None, addresses: vec![address] }
}

/// The name of a pod that isn't of a workload, by its labels.
pub(super) fn of_pod(pod: &Pod) -> String {
    let listed = |labels: &mut dyn Iterator<Item = (&String, &String)>| {
        labels.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    };
    let labels = listed(&mut pod.labels.iter());
    let of_namespace = listed(&mut pod.namespace_labels.iter().filter(|(key, _)| *key != NAMESPACE_NAME));
    let namespace = match (pod.namespace.as_str(), of_namespace.is_empty()) {
        (OTHER_NAMESPACE, true) => "other namespaces".to_owned(),
        (OTHER_NAMESPACE, false) => format!("namespaces {of_namespace}"),
        (name, _) => format!("namespace {name}"),
    };
    match (labels.is_empty(), pod.namespace == OTHER_NAMESPACE) {
        (true, true) => format!("pods of {namespace}"),
        (true, false) => format!("other pods in {}", pod.namespace),
        (false, _) => format!("pods {labels} of {namespace}"),
    }
}
