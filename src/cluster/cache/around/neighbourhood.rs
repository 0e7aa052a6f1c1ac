//! What others have in all namespaces with apps. Of other namespaces nothing is kept.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use tokio::sync::Mutex as AsyncMutex;

use super::{
    super::entry::AppKey,
    groups::PodGroups,
    kind::NeighbourKind,
    listing::Listing,
    namespace::{Event, Namespace},
    record::Record,
    view::View,
};
use crate::{app::AppId, plan::Neighbours};

/// What others have in all namespaces with apps.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Neighbourhood {
    namespaces: HashMap<String, Namespace>,
    /// The namespace of each app, by UID.
    homes: HashMap<String, String>,
    /// The kinds that are watched.
    watches: BTreeMap<NeighbourKind, Watch>,
}

/// The watch of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    /// How often it has begun to list the cluster.
    relist: u32,
    /// It is listing the cluster.
    is_listing: bool,
    /// It has listed the cluster.
    has_listed: bool,
}

/// The lists that a namespace needs.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Missing {
    /// It has no app, as far as the watch of the apps has reported.
    Apps,
    /// The first list of the cluster of this kind hasn't ended.
    FirstList(NeighbourKind),
    /// Lists of the namespace, which have begun.
    Lists(Vec<Begun>),
}

/// A list of a namespace that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Begun {
    pub(in crate::cluster) kind: NeighbourKind,
    relist: u32,
}

impl Neighbourhood {
    /// An app exists. Its namespace is of interest from here on.
    pub(super) fn app_observed(&mut self, id: &AppId) {
        let watches = &self.watches;
        let namespace = self.namespaces.entry(id.namespace.clone());
        let namespace = namespace.or_insert_with(|| Namespace::new(|kind| is_listing(watches, kind)));
        if !namespace.apps.contains_key(&id.uid) {
            namespace.apps.insert(id.uid.clone(), (id.clone(), PodGroups::default()));
            namespace.regrouped();
            self.homes.insert(id.uid.clone(), id.namespace.clone());
        }
    }

    /// Records on which pods an app depends. Returns whether that is news.
    pub(super) fn register(&mut self, id: &AppId, groups: &PodGroups) -> bool {
        let Some(namespace) = self.namespaces.get_mut(&id.namespace) else { return false };
        let Some((_, earlier)) = namespace.apps.get_mut(&id.uid).filter(|(_, earlier)| earlier != groups) else {
            return false;
        };
        earlier.clone_from(groups);
        namespace.regrouped();
        true
    }

    /// An app is gone; with the last one what is kept of its namespace. Returns the namespace.
    pub(super) fn app_gone(&mut self, uid: &str) -> Option<String> {
        let home = self.homes.remove(uid)?;
        if let Some(namespace) = self.namespaces.get_mut(&home) {
            namespace.apps.remove(uid);
            namespace.regrouped();
            if namespace.apps.is_empty() {
                self.namespaces.remove(&home);
            }
        }
        Some(home)
    }

    /// The apps of which none of these is one.
    pub(super) fn apps_besides(&self, uids: &HashSet<String>) -> Vec<String> {
        self.homes.keys().filter(|uid| !uids.contains(*uid)).cloned().collect()
    }

    /// Whether an app exists.
    pub(super) fn has_app(&self, uid: &str) -> bool {
        self.homes.contains_key(uid)
    }

    pub(super) fn is_of_interest(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    /// Stores what a watch reports; without a record the object is gone. Returns the apps that it matters to.
    pub(super) fn observed(
        &mut self,
        kind: NeighbourKind,
        (namespace, name): (&str, &str),
        version: u64,
        record: Option<Record>,
    ) -> Vec<AppKey> {
        let relist = self.watches.get(&kind).map_or(0, |watch| watch.relist);
        let Some(namespace) = self.namespaces.get_mut(namespace) else { return Vec::new() };
        let watches = &self.watches;
        namespace.observe(&Event { kind, name, version, relist }, record, |kind| is_listing(watches, kind))
    }

    /// A watch begins to list the cluster.
    pub(in crate::cluster) fn relist(&mut self, kind: NeighbourKind) {
        let watch = self.watches.entry(kind).or_default();
        *watch = Watch { relist: watch.relist + 1, is_listing: true, ..*watch };
        self.namespaces.values_mut().filter_map(|namespace| namespace.views.get_mut(&kind)).for_each(View::relist);
    }

    /// That list has ended. Returns the apps that lost something.
    pub(in crate::cluster) fn relisted(&mut self, kind: NeighbourKind) -> Vec<AppKey> {
        let watch = self.watches.entry(kind).or_default();
        *watch = Watch { is_listing: false, has_listed: true, ..*watch };
        let relist = watch.relist;
        let listing = |kind| is_listing(&self.watches, kind);
        self.namespaces.values_mut().flat_map(|namespace| namespace.relisted(kind, relist, listing)).collect()
    }

    /// The API server doesn't have the kind any more. Returns the apps that lost something.
    pub(in crate::cluster) fn vanished(&mut self, kind: NeighbourKind) -> Vec<AppKey> {
        self.watches.remove(&kind);
        let listing = |kind| is_listing(&self.watches, kind);
        self.namespaces.values_mut().flat_map(|namespace| namespace.forget(kind, listing)).collect()
    }

    /// What others have in a namespace; `None` until all of it is known.
    pub(super) fn neighbours(&mut self, namespace: &str) -> Option<Arc<Neighbours>> {
        let watches = &self.watches;
        self.namespaces.get_mut(namespace)?.snapshot(|kind| !kind.is_optional() || watches.contains_key(&kind))
    }

    /// Held while a namespace is listed, so that its apps share the lists.
    pub(in crate::cluster) fn gate(&self, namespace: &str) -> Option<Arc<AsyncMutex<()>>> {
        self.namespaces.get(namespace).map(|namespace| namespace.gate.clone())
    }

    /// Whether it is an object of an app's part, as the operator makes it.
    pub(in crate::cluster) fn is_own(&self, namespace: &str, record: &Record) -> bool {
        self.namespaces.get(namespace).is_some_and(|namespace| namespace.is_own(record))
    }

    /// What must be listed before a namespace is known. Events that come meanwhile are remembered.
    pub(in crate::cluster) fn begin_lists(&mut self, namespace: &str) -> Missing {
        let watches = &self.watches;
        let Some(namespace) = self.namespaces.get_mut(namespace) else { return Missing::Apps };
        let missing: Vec<_> = namespace.missing(|kind| !kind.is_optional() || watches.contains_key(&kind)).collect();
        let watch = |kind: &NeighbourKind| watches.get(kind).copied().unwrap_or_default();
        if let Some(kind) = missing.iter().find(|kind| !watch(kind).has_listed) {
            return Missing::FirstList(*kind);
        }
        for kind in &missing {
            namespace.views.entry(*kind).and_modify(View::list);
        }
        Missing::Lists(missing.into_iter().map(|kind| Begun { kind, relist: watch(&kind).relist }).collect())
    }

    /// A list of a namespace has ended, at this version. It counts for nothing if the watch has begun to list the cluster since.
    pub(in crate::cluster) fn listed(&mut self, namespace: &str, begun: Begun, version: u64, listing: Listing) {
        let Begun { kind, relist } = begun;
        let is_current = self.watches.get(&kind).is_some_and(|watch| watch.relist == relist && !watch.is_listing);
        if let Some(namespace) = self.namespaces.get_mut(namespace).filter(|_| is_current) {
            namespace.listed(kind, version, relist, listing);
        }
    }
}

/// Whether the watch of a kind is listing the cluster.
fn is_listing(watches: &BTreeMap<NeighbourKind, Watch>, kind: NeighbourKind) -> bool {
    watches.get(&kind).is_some_and(|watch| watch.is_listing)
}
