//! Which optional APIs the cluster has, by the names of its CustomResourceDefinitions.

use std::collections::BTreeSet;

use crate::reach::{OTHER_POLICIES, group_of};

/// What leads to Services by the Gateway API.
pub(in crate::cluster) const HTTP_ROUTES: &str = "httproutes.gateway.networking.k8s.io";

/// The optional APIs that the cluster has and that matter.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Apis {
    /// Of the names above.
    known: BTreeSet<&'static str>,
    /// Those that the list under way has reported so far.
    listed: BTreeSet<&'static str>,
}

impl Apis {
    /// A definition exists. Returns whether all apps are to be reconciled.
    pub(in crate::cluster) fn observed(&mut self, name: &str) -> bool {
        let Some(name) = of_interest(name) else { return false };
        self.listed.insert(name);
        self.known.insert(name) && name != HTTP_ROUTES
    }

    /// A definition was deleted. Returns whether all apps are to be reconciled.
    pub(in crate::cluster) fn deleted(&mut self, name: &str) -> bool {
        of_interest(name).is_some_and(|name| self.known.remove(name) && name != HTTP_ROUTES)
    }

    /// A list begins.
    pub(in crate::cluster) fn relist(&mut self) {
        self.listed.clear();
    }

    /// It has ended: what it didn't report is deleted. Returns whether all apps are to be reconciled.
    pub(in crate::cluster) fn relisted(&mut self) -> bool {
        let gone: Vec<&str> = self.known.difference(&self.listed).copied().collect();
        gone.into_iter().map(|name| self.deleted(name)).fold(false, |all, one| all | one)
    }

    /// Whether the API server has routes of the Gateway API.
    pub(in crate::cluster) fn has_http_routes(&self) -> bool {
        self.known.contains(HTTP_ROUTES)
    }

    /// The groups of the other policies, sorted.
    pub(super) fn other_policies(&self) -> Vec<String> {
        let names = self.known.iter().filter(|name| **name != HTTP_ROUTES);
        let groups: BTreeSet<&str> = names.filter_map(|name| group_of(name)).collect();
        groups.into_iter().map(str::to_owned).collect()
    }
}

fn of_interest(name: &str) -> Option<&'static str> {
    OTHER_POLICIES.into_iter().chain([HTTP_ROUTES]).find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_policies_are_reported_by_their_groups() {
        let mut apis = Apis::default();
        assert!(!apis.observed("widgets.example.com"));
        assert!(!apis.observed(HTTP_ROUTES) && apis.has_http_routes());
        assert!(apis.observed("networkpolicies.crd.projectcalico.org"));
        assert!(!apis.observed("networkpolicies.crd.projectcalico.org"));
        assert!(apis.observed("ciliumnetworkpolicies.cilium.io"));
        assert!(apis.observed("ciliumclusterwidenetworkpolicies.cilium.io"));
        assert_eq!(apis.other_policies(), ["cilium.io", "crd.projectcalico.org"]);
        assert!(apis.deleted("ciliumnetworkpolicies.cilium.io") && !apis.deleted("ciliumnetworkpolicies.cilium.io"));
        apis.relist();
        apis.observed("networkpolicies.crd.projectcalico.org");
        assert!(apis.relisted());
        assert_eq!(apis.other_policies(), ["crd.projectcalico.org"]);
        assert!(!apis.has_http_routes());
    }
}
