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
    kind::NeighbourKind,
    record::Record,
};
use crate::{
    api::version,
    app::AppId,
    plan::{ForeignPod, Neighbours},
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
        if !self.around.neighbourhood(|all| all.is_of_interest(namespace)) {
            return Vec::new();
        }
        // Read without the lock. If the namespace becomes one with apps meanwhile, its list contains this event.
        let record = Record::read(kind, object);
        self.around.neighbourhood(|all| all.observed(kind, (namespace, name), version(object.meta()), Some(record)))
    }

    pub(in crate::cluster) fn neighbour_deleted(&self, kind: NeighbourKind, object: &Stored) -> Vec<AppKey> {
        let Some(place) = place(object) else { return Vec::new() };
        self.around.neighbourhood(|all| all.observed(kind, place, version(object.meta()), None))
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

/// Namespace and name.
fn place(object: &Stored) -> Option<(&str, &str)> {
    Some((object.meta().namespace.as_deref()?, object.meta().name.as_deref()?))
}
