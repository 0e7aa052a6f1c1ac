//! The kinds of which others' objects matter to apps.

use k8s_openapi::{
    Resource,
    api::{
        core::v1::Service,
        networking::v1::{Ingress, NetworkPolicy},
    },
};
use kube::api::ApiResource;

use crate::desired::{HTTP_PROXIES, HTTP_ROUTES, Kind, Sight};

/// A kind of which others' objects matter to apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::cluster) enum NeighbourKind {
    NetworkPolicy,
    Service,
    Ingress,
    HttpRoute,
    HttpProxy,
}

impl NeighbourKind {
    pub(in crate::cluster) const ALL: [Self; 5] =
        [Self::NetworkPolicy, Self::Service, Self::Ingress, Self::HttpRoute, Self::HttpProxy];

    /// The one of a row of the table of child kinds, if others' objects of it matter: then the watch of that row reports them.
    pub(in crate::cluster) fn of(kind: &Kind) -> Option<Self> {
        let mut all = Self::ALL.into_iter().filter(|_| kind.sight == Sight::AllInCluster);
        all.find(|own| own.resource() == kind.resource())
    }

    /// Whether the API server may not have it.
    pub(in crate::cluster) const fn is_optional(self) -> bool {
        matches!(self, Self::HttpRoute | Self::HttpProxy)
    }

    /// Whether it leads from outside the cluster to Services, for hosts.
    pub(in crate::cluster) const fn is_route(self) -> bool {
        matches!(self, Self::Ingress | Self::HttpRoute | Self::HttpProxy)
    }

    /// The kind as an API client addresses it.
    pub(in crate::cluster) fn resource(self) -> ApiResource {
        match self {
            Self::NetworkPolicy => ApiResource::erase::<NetworkPolicy>(&()),
            Self::Service => ApiResource::erase::<Service>(&()),
            Self::Ingress => ApiResource::erase::<Ingress>(&()),
            Self::HttpRoute => HTTP_ROUTES.resource(),
            Self::HttpProxy => HTTP_PROXIES.resource(),
        }
    }

    /// The name of the kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NetworkPolicy => NetworkPolicy::KIND,
            Self::Service => Service::KIND,
            Self::Ingress => Ingress::KIND,
            Self::HttpRoute => HTTP_ROUTES.name,
            Self::HttpProxy => HTTP_PROXIES.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::KINDS;

    #[test]
    fn every_row_that_is_watched_in_all_of_the_cluster_is_a_neighbour() {
        let rows = KINDS.iter().filter(|kind| kind.sight == Sight::AllInCluster);
        let found: Vec<_> = rows.map(|row| NeighbourKind::of(row).map(NeighbourKind::name)).collect();
        assert_eq!(
            found,
            [Some("NetworkPolicy"), Some("Service"), Some("HTTPRoute"), Some("Ingress"), Some("HTTPProxy")]
        );
        let plurals = NeighbourKind::ALL.map(|kind| kind.resource().plural);
        assert_eq!(plurals, ["networkpolicies", "services", "ingresses", "httproutes", "httpproxies"]);
        assert!(KINDS.iter().any(|kind| NeighbourKind::of(kind).is_none()));
    }
}
