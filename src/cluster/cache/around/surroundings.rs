//! What the cache offers of the apps' surroundings.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use kube::Resource;

use super::{
    super::{super::stored::Stored, children::Cache, entry::AppKey},
    database_pods::Found,
    foreign_pod,
    groups::PodGroups,
    hosts::{Claimant, HostClaims},
    kind::NeighbourKind,
    record::Record,
};
use crate::{
    api::version,
    app::AppId,
    plan::{ForeignPod, Neighbours},
    release::Unclaimed,
};

impl Cache {
    /// Records that an app exists: what others have in its namespace is kept from here on.
    pub fn app_observed(&self, id: &AppId) {
        self.around.neighbourhood(|all| all.app_observed(id));
    }

    /// Records on which pods an app depends, so that only changes that may matter to them wake it. Of an app that is gone nothing is
    /// kept: a reconciliation can end after it.
    pub fn register(&self, id: &AppId, groups: &PodGroups) {
        if self.around.neighbourhood(|all| all.register(id, groups)) {
            self.around.database_pods(|pods| pods.register(id, &groups.databases));
            if !groups.databases.is_empty() {
                self.around.database_pods_wanted.notify_one();
            }
        }
    }

    /// Forgets an app; with the last one of a namespace, what others have in it.
    pub fn app_gone(&self, uid: &str) {
        if let Some(namespace) = self.around.neighbourhood(|all| all.app_gone(uid)) {
            self.around.database_pods(|pods| pods.app_gone(&namespace, uid));
        }
    }

    /// Forgets all apps but these: a list of the apps has ended.
    pub fn only_apps(&self, uids: &HashSet<String>) {
        for uid in self.around.neighbourhood(|all| all.apps_besides(uids)) {
            self.app_gone(&uid);
        }
    }

    /// What others have in a namespace. The same snapshot until something changes; `None` until all of it is known.
    #[must_use]
    pub fn neighbours(&self, namespace: &str) -> Option<Arc<Neighbours>> {
        self.around.neighbourhood(|all| all.neighbours(namespace))
    }

    /// The pods that others run with these labels, by name. `None` until they are known, which an app with such a database starts, and
    /// where there are more of them than are kept.
    #[must_use]
    pub fn foreign_pods(&self, namespace: &str, labels: &BTreeMap<String, String>) -> Option<Vec<ForeignPod>> {
        self.around.database_pods(|pods| pods.with(namespace, labels))
    }

    /// The API groups of the cluster that have policies beside NetworkPolicy, sorted.
    #[must_use]
    pub fn other_policy_apis(&self) -> Vec<String> {
        self.around.apis(|apis| apis.other_policies())
    }

    /// Stores a neighbour that a watch reports. Of a namespace without apps it isn't read.
    pub(in crate::cluster) fn neighbour_observed(&self, kind: NeighbourKind, object: &Stored) -> Vec<AppKey> {
        let Some((namespace, name)) = place(object) else { return Vec::new() };
        let is_of_interest = self.around.neighbourhood(|all| all.is_of_interest(namespace));
        if !is_of_interest && !kind.is_route() {
            return Vec::new();
        }
        // Read without the lock. If the namespace becomes one with apps meanwhile, its list contains this event.
        let record = Record::read(kind, object);
        let mut apps = self.route_observed(kind, object, &record);
        if is_of_interest {
            apps.extend(
                self.around
                    .neighbourhood(|all| all.observed(kind, (namespace, name), version(object.meta()), Some(record))),
            );
        }
        apps
    }

    /// Records which hosts an object serves. Returns the apps to which that matters.
    fn route_observed(&self, kind: NeighbourKind, object: &Stored, record: &Record) -> Vec<AppKey> {
        let Some((namespace, name)) = place(object) else { return Vec::new() };
        // What an issuer serves for its challenges is no claim.
        let is_solver = object.meta().labels.as_ref().is_some_and(|labels| labels.contains_key(SOLVER));
        let hosts = record.hosts().filter(|_| !is_solver).unwrap_or_default();
        let owner = record.owner();
        self.around.hosts(|all| all.observed(kind, (namespace, name), owner, hosts))
    }

    /// Records what the operator has written itself, before a watch reports it.
    pub(in crate::cluster) fn route_written(&self, kind: NeighbourKind, object: &Stored) {
        if kind.is_route() {
            self.route_observed(kind, object, &Record::read(kind, object));
        }
    }

    pub(in crate::cluster) fn neighbour_deleted(&self, kind: NeighbourKind, object: &Stored) -> Vec<AppKey> {
        let Some(place) = place(object) else { return Vec::new() };
        let mut apps = self.around.hosts(|all| all.observed(kind, place, None, &[]));
        apps.extend(self.around.neighbourhood(|all| all.observed(kind, place, version(object.meta()), None)));
        apps
    }

    /// A watch begins to list the cluster.
    pub(in crate::cluster) fn neighbours_relist(&self, kind: NeighbourKind) {
        self.around.hosts(|all| all.relist(kind));
        self.around.neighbourhood(|all| all.relist(kind));
    }

    /// That list has ended. Returns the apps that lost something.
    pub(in crate::cluster) fn neighbours_relisted(&self, kind: NeighbourKind) -> Vec<AppKey> {
        let mut apps = self.around.hosts(|all| all.relisted(kind));
        apps.extend(self.around.neighbourhood(|all| all.relisted(kind)));
        apps
    }

    /// The API server doesn't have the kind any more. Returns the apps that lost something.
    pub(in crate::cluster) fn neighbours_vanished(&self, kind: NeighbourKind) -> Vec<AppKey> {
        let mut apps = self.around.hosts(|all| all.vanished(kind));
        apps.extend(self.around.neighbourhood(|all| all.vanished(kind)));
        apps
    }

    /// Replaces the claims of an app to hosts, which it keeps at least until [`Self::hosts_written`]. Returns what has become of them, and
    /// the apps to which that matters.
    #[must_use]
    pub fn claim_hosts(&self, app: &Claimant, hosts: &[String]) -> (HostClaims, Vec<AppKey>) {
        // Of an app that is gone nothing is kept: a reconciliation can begin with one.
        if !self.around.neighbourhood(|all| all.has_app(app.uid())) {
            let unclaimed = hosts.iter().map(|host| (host.clone(), Unclaimed::Unknown)).collect();
            return (HostClaims { unclaimed, ..HostClaims::default() }, Vec::new());
        }
        self.around.hosts(|all| all.claim(app, hosts))
    }

    /// The objects of an app are written. Returns the apps to which that matters.
    #[must_use]
    pub fn hosts_written(&self, uid: &str) -> Vec<AppKey> {
        self.around.hosts(|all| all.end(uid))
    }

    /// Takes back the claims of an app that is gone, or that claims nothing any more. Returns the apps that wait for its hosts.
    #[must_use]
    pub fn host_claims_of_gone(&self, uid: &str) -> Vec<AppKey> {
        self.around.hosts(|all| all.app_gone(uid))
    }

    /// Waits until an app needs the pods of a database that others run. For one waiter.
    pub(in crate::cluster) async fn database_pods_wanted(&self) {
        if !self.around.database_pods(|pods| pods.are_wanted()) {
            self.around.database_pods_wanted.notified().await;
        }
    }

    /// Stores a pod that doesn't belong to an app. Of a namespace without such databases it isn't read.
    pub(in crate::cluster) fn foreign_pod_observed(&self, object: &Stored) -> Vec<AppKey> {
        let Some((namespace, name)) = place(object) else { return Vec::new() };
        if !self.around.database_pods(|pods| pods.is_of_interest(namespace)) {
            return Vec::new();
        }
        let pod = read_pod(object);
        self.around.database_pods(|pods| pods.observed((namespace, name), version(object.meta()), pod))
    }

    pub(in crate::cluster) fn foreign_pod_deleted(&self, object: &Stored) -> Vec<AppKey> {
        let Some(place) = place(object) else { return Vec::new() };
        self.around.database_pods(|pods| pods.observed(place, version(object.meta()), Found::Gone))
    }
}

/// A pod that others run: gone if it accepts no connections, unknown if it can't be read.
pub(in crate::cluster) fn read_pod(object: &Stored) -> Found {
    match object.parse().map(foreign_pod::read) {
        Some(Some(pod)) => Found::Pod(pod),
        Some(None) => Found::Gone,
        None => Found::Unread,
    }
}

/// Label of what cert-manager makes while it proves that a host is the issuer's customer's.
const SOLVER: &str = "acme.cert-manager.io/http01-solver";

/// Namespace and name.
fn place(object: &Stored) -> Option<(&str, &str)> {
    Some((object.meta().namespace.as_deref()?, object.meta().name.as_deref()?))
}
