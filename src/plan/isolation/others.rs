//! What others have in the namespace, without the app's own objects: those count only while they aren't as declared.

use k8s_openapi::{
    Resource,
    api::{core::v1, networking::v1::NetworkPolicy},
};

use super::surroundings::{Neighbour, Neighbours};
use crate::{
    plan::outcome::{ChildOutcome, ChildState},
    reach::{Policy, Service, Unjudged},
};

/// What others have, seen by one app after its own objects were applied.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    pub(super) neighbours: &'a Neighbours,
    pub(super) children: &'a [ChildOutcome],
}

impl<'a> Others<'a> {
    pub(super) fn policies(self) -> impl Iterator<Item = &'a Neighbour<Policy>> {
        let policies = self.neighbours.policies.iter().map(|policy| &**policy);
        policies.filter(move |policy| !self.is_in_place(NetworkPolicy::KIND, &policy.object.name))
    }

    pub(super) fn unjudged(self) -> impl Iterator<Item = &'a Unjudged> {
        let policies = self.neighbours.unjudged.iter().map(|policy| &**policy);
        policies.filter(move |policy| !self.is_in_place(NetworkPolicy::KIND, &policy.name))
    }

    pub(super) fn services(self) -> impl Iterator<Item = &'a Service> {
        let services = self.neighbours.services.iter().map(|service| &**service);
        services.filter(move |service| !self.is_in_place(v1::Service::KIND, &service.name))
    }

    /// Whether it is an object of the app, and as declared by now: what others had changed in it was reverted.
    fn is_in_place(self, kind: &str, name: &str) -> bool {
        let mut own = self.children.iter().filter(|child| child.declared && child.kind.name == kind);
        own.any(|child| child.name == name && child.state == ChildState::InPlace)
    }

    /// That there is more than is judged.
    pub(super) fn omitted(self) -> Option<String> {
        let count = self.neighbours.omitted;
        let words = "objects of the namespace aren't judged: it has more policies, Services and routes than are kept";
        (count > 0).then(|| format!("{count} {words}"))
    }
}
