//! Which optional APIs the cluster has, by the names of its CustomResourceDefinitions.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::{
    desired::{KINDS, Presence},
    reach::{OTHER_POLICIES, group_of},
};

/// The definitions of child kinds that may be missing.
static OPTIONAL: LazyLock<Vec<String>> = LazyLock::new(|| {
    let optional = KINDS.iter().filter(|kind| kind.presence == Presence::Optional);
    optional.map(crate::desired::Kind::definition).collect()
});

/// The optional APIs that the cluster has and that matter, by the names of their definitions.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Apis {
    known: BTreeSet<&'static str>,
    /// Those that the list under way has reported so far.
    listed: BTreeSet<&'static str>,
}

impl Apis {
    /// A definition exists. Returns whether all apps are to be reconciled.
    pub(in crate::cluster) fn observed(&mut self, name: &str) -> bool {
        let Some(name) = of_interest(name) else { return false };
        self.listed.insert(name);
        self.known.insert(name) && is_policy(name)
    }

    /// A definition was deleted. Returns whether all apps are to be reconciled.
    pub(in crate::cluster) fn deleted(&mut self, name: &str) -> bool {
        of_interest(name).is_some_and(|name| self.known.remove(name) && is_policy(name))
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

    /// Whether there is a definition of this name.
    pub(in crate::cluster) fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// The groups of the other policies, sorted.
    pub(super) fn other_policies(&self) -> Vec<String> {
        let names = self.known.iter().filter(|name| is_policy(name));
        let groups: BTreeSet<&str> = names.filter_map(|name| group_of(name)).collect();
        groups.into_iter().map(str::to_owned).collect()
    }
}

fn of_interest(name: &str) -> Option<&'static str> {
    OTHER_POLICIES.into_iter().chain(OPTIONAL.iter().map(String::as_str)).find(|known| *known == name)
}

/// Whether what it opens matters to all apps.
fn is_policy(name: &str) -> bool {
    OTHER_POLICIES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_policies_are_reported_by_their_groups() {
        let mut apis = Apis::default();
        assert!(!apis.observed("widgets.example.com"));
        let routes = "httproutes.gateway.networking.k8s.io";
        assert!(!apis.observed(routes) && apis.has(routes));
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
        assert!(!apis.has(routes));
    }
}
