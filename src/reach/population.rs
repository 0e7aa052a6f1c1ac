//! All ends, found by what NetworkPolicies select them by.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

use super::{
    endpoint::{Endpoint, Pod},
    policy::Peer,
    selector::{Operator, Selector},
    set::Set,
};

/// All ends of an evaluation.
pub(super) struct Population<'a> {
    ends: &'a [Endpoint],
    /// Those inside the cluster.
    pods: Set,
    labels: Labels<'a>,
    namespaces: BTreeMap<&'a str, Set>,
    namespace_labels: Labels<'a>,
}

/// Which pods have a label, by its key and by key and value.
struct Labels<'a>(BTreeMap<&'a str, (Set, BTreeMap<&'a str, Set>)>);

impl<'a> Population<'a> {
    pub(super) fn new(ends: &'a [Endpoint]) -> Self {
        let pods = || ends.iter().enumerate().filter_map(|(place, end)| Some((place, end.pod.as_ref()?)));
        let mut namespaces = BTreeMap::new();
        for (place, pod) in pods() {
            namespaces.entry(pod.namespace.as_str()).or_insert_with(|| Set::none(ends.len())).insert(place);
        }
        Self {
            ends,
            pods: Set::of(ends.len(), pods().map(|(place, _)| place)),
            labels: Labels::new(ends.len(), pods(), |pod| &pod.labels),
            namespaces,
            namespace_labels: Labels::new(ends.len(), pods(), |pod| &pod.namespace_labels),
        }
    }

    /// The number of ends.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The pods of a namespace that a selector selects.
    pub(super) fn selected(&self, namespace: &str, pods: &Selector) -> Set {
        let Some(all) = self.namespaces.get(namespace) else { return Set::none(self.ends.len()) };
        self.labels.matching(pods, all.clone())
    }

    /// The ends that a peer of a policy in this namespace stands for. Addresses of a range are of its own family.
    pub(super) fn peers(&self, namespace: &str, peer: &Peer) -> Set {
        match peer {
            Peer::Pods { namespaces, pods } => {
                let all = match namespaces {
                    None => self.selected(namespace, &Selector::default()),
                    Some(namespaces) => self.namespace_labels.matching(namespaces, self.pods.clone()),
                };
                pods.as_ref().map_or(all.clone(), |pods| self.labels.matching(pods, all))
            }
            Peer::Range { cidr, except } => {
                let within = self.ends.iter().enumerate().filter(|(_, end)| is_within(cidr, except, &end.addresses));
                Set::of(self.ends.len(), within.map(|(place, _)| place))
            }
        }
    }
}

fn is_within(cidr: &IpNet, except: &[IpNet], addresses: &[IpAddr]) -> bool {
    if addresses.is_empty() {
        return cidr.prefix_len() == 0 && except.is_empty();
    }
    addresses.iter().any(|address| cidr.contains(address) && !except.iter().any(|range| range.contains(address)))
}

impl<'a> Labels<'a> {
    fn new(
        ends: usize,
        pods: impl Iterator<Item = (usize, &'a Pod)>,
        of: impl Fn(&'a Pod) -> &'a BTreeMap<String, String>,
    ) -> Self {
        let mut found: BTreeMap<&str, (Set, BTreeMap<&str, Set>)> = BTreeMap::new();
        for (place, pod) in pods {
            for (key, value) in of(pod) {
                let (any, values) = found.entry(key).or_insert_with(|| (Set::none(ends), BTreeMap::new()));
                any.insert(place);
                values.entry(value).or_insert_with(|| Set::none(ends)).insert(place);
            }
        }
        Self(found)
    }

    /// Those of `all` that the selector selects.
    fn matching(&self, selector: &Selector, mut all: Set) -> Set {
        for (key, value) in &selector.labels {
            all.keep(self.with_value(key, value));
        }
        for expression in &selector.expressions {
            let key = expression.key.as_str();
            match &expression.operator {
                Operator::In(values) => {
                    let mut others = all.clone();
                    values.iter().filter_map(|value| self.with_value(key, value)).for_each(|with| others.remove(with));
                    all.remove(&others);
                }
                Operator::NotIn(values) => {
                    values.iter().filter_map(|value| self.with_value(key, value)).for_each(|with| all.remove(with));
                }
                Operator::Exists => all.keep(self.with_key(key)),
                Operator::DoesNotExist => {
                    if let Some(with) = self.with_key(key) {
                        all.remove(with);
                    }
                }
            }
        }
        all
    }

    fn with_key(&self, key: &str) -> Option<&Set> {
        self.0.get(key).map(|(any, _)| any)
    }

    fn with_value(&self, key: &str, value: &str) -> Option<&Set> {
        self.0.get(key)?.1.get(value)
    }
}
