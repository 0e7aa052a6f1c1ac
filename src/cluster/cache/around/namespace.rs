//! What others have in one namespace with apps: as much as has room, and how many objects are left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::Mutex as AsyncMutex;

use super::{
    super::entry::AppKey,
    groups::PodGroups,
    kind::NeighbourKind,
    listing::Listing,
    record::{Object, Owner, Record},
    room::{Place, Room},
    view::View,
};
use crate::{
    app::AppId,
    plan::{Neighbour, Neighbours},
};

/// What is known of one namespace.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) views: BTreeMap<NeighbourKind, View<Option<Record>>>,
    /// The apps of the namespace, by UID.
    pub(super) apps: BTreeMap<String, (AppId, PodGroups)>,
    room: Room,
    snapshot: Option<Arc<Neighbours>>,
    /// Held while the namespace is listed.
    pub(super) gate: Arc<AsyncMutex<()>>,
}

/// An event about one object.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) kind: NeighbourKind,
    pub(super) name: &'a str,
    pub(super) version: u64,
    /// The number of the list of the watch.
    pub(super) relist: u32,
}

impl Namespace {
    /// A namespace of which nothing is known; `listing` holds for kinds of which the watch is listing the cluster.
    pub(super) fn new(listing: impl Fn(NeighbourKind) -> bool) -> Self {
        let views = NeighbourKind::ALL.map(|kind| (kind, View::new(listing(kind))));
        Self { views: views.into(), apps: BTreeMap::new(), room: Room::default(), snapshot: None, gate: Arc::default() }
    }

    /// Stores what a watch reports; without a record the object is gone. Returns the apps that it matters to. `listing` holds for kinds of
    /// which the watch is listing the cluster.
    pub(super) fn observe(
        &mut self,
        event: &Event<'_>,
        record: Option<Record>,
        listing: impl Fn(NeighbourKind) -> bool,
    ) -> Vec<AppKey> {
        let record = record.filter(|record| !self.is_own(record));
        let Some(view) = self.views.get_mut(&event.kind).filter(|view| view.accepts(event.version)) else {
            return Vec::new();
        };
        let omitted = self.room.omitted() > 0;
        if record.is_none() {
            view.mark_gone(event.name, event.version);
        }
        let (earlier, later) = self.replace(event, record);
        if self.room.is_worth_a_list() {
            self.room.await_list();
            // What was left out of a list that is under way isn't reported by it again.
            self.views.iter_mut().for_each(|(kind, view)| view.outdate(listing(*kind)));
            return self.all();
        }
        if omitted != (self.room.omitted() > 0) {
            return self.all();
        }
        self.wakes([earlier.as_ref(), later.as_ref()].into_iter().flatten())
    }

    /// Replaces what is kept of an object. Returns what was and what is kept, where they differ.
    fn replace(&mut self, event: &Event<'_>, record: Option<Record>) -> (Option<Record>, Option<Record>) {
        let Some(view) = self.views.get_mut(&event.kind) else { return (None, None) };
        let omitted = self.room.omitted();
        let earlier = view.take(event.name);
        if let Some(earlier) = &earlier {
            self.room.free(earlier.as_ref());
        }
        let earlier = earlier.flatten();
        let later = record.and_then(|record| match self.room.place(&record) {
            Place::Kept => {
                view.put(event.name.to_owned(), event.version, event.relist, Some(record.clone()));
                Some(record)
            }
            Place::Counted => {
                view.put(event.name.to_owned(), event.version, event.relist, None);
                None
            }
            Place::Beyond => None,
        });
        if earlier != later || omitted != self.room.omitted() {
            self.snapshot = None;
        }
        if earlier == later {
            return (None, None);
        }
        (earlier, later)
    }

    /// The watch has listed the cluster. Returns the apps that lost something.
    pub(super) fn relisted(
        &mut self,
        kind: NeighbourKind,
        relist: u32,
        listing: impl Fn(NeighbourKind) -> bool,
    ) -> Vec<AppKey> {
        let gone = self.views.get_mut(&kind).map(|view| view.relisted(relist)).unwrap_or_default();
        let mut apps = BTreeSet::new();
        for name in gone {
            apps.extend(self.observe(&Event { kind, name: &name, version: u64::MAX, relist }, None, &listing));
        }
        self.room.listed();
        apps.into_iter().collect()
    }

    /// The namespace was listed at this version.
    pub(super) fn listed(&mut self, kind: NeighbourKind, version: u64, relist: u32, listing: Listing) {
        let Some(merge) = self.views.get_mut(&kind).and_then(|view| view.listed(version)) else { return };
        for name in &merge.outdated {
            self.replace(&Event { kind, name, version, relist }, None);
        }
        let newer: BTreeSet<String> = merge.newer.into_iter().collect();
        for (name, version, record) in listing.into_objects() {
            if !newer.contains(&name) && !self.is_own(&record) {
                self.replace(&Event { kind, name: &name, version, relist }, Some(record));
            }
        }
        self.room.listed();
        self.snapshot = None;
    }

    /// The kind isn't there any more.
    pub(super) fn forget(&mut self, kind: NeighbourKind, listing: impl Fn(NeighbourKind) -> bool) -> Vec<AppKey> {
        let apps = self.relisted(kind, u32::MAX, listing);
        self.views.insert(kind, View::new(false));
        apps
    }

    /// What is known, once everything was listed.
    pub(super) fn snapshot(&mut self, is_needed: impl Fn(NeighbourKind) -> bool) -> Option<Arc<Neighbours>> {
        if self.missing(is_needed).next().is_some() {
            return None;
        }
        let snapshot = self.snapshot.take().unwrap_or_else(|| Arc::new(self.collect()));
        Some(self.snapshot.insert(snapshot).clone())
    }

    /// The kinds of which the namespace must be listed.
    pub(super) fn missing(&self, is_needed: impl Fn(NeighbourKind) -> bool) -> impl Iterator<Item = NeighbourKind> {
        let missing = self.views.iter().filter(move |(kind, view)| is_needed(**kind) && !view.is_complete());
        missing.map(|(kind, _)| *kind)
    }

    /// An app was registered, or has gone.
    pub(super) fn regrouped(&mut self) {
        self.snapshot = None;
    }

    fn collect(&self) -> Neighbours {
        let mut all = Neighbours { omitted: self.room.omitted(), ..Neighbours::default() };
        let kept = self.views.values().flat_map(View::values).flatten();
        for record in kept {
            match &record.object {
                Object::Policy(policy) if policy.app.is_some() && !is_known(&self.apps, record.owner.as_ref()) => {
                    // Whatever it claims to belong to doesn't exist.
                    all.policies.push(Arc::new(Neighbour { app: None, ..Neighbour::clone(policy) }));
                }
                Object::Policy(policy) => all.policies.push(policy.clone()),
                Object::Unjudged(unjudged) => all.unjudged.push(unjudged.clone()),
                Object::Service(service) => all.services.push(service.clone()),
                Object::Route(route) => all.routes.push(route.clone()),
                Object::LeftOut => {}
            }
        }
        all
    }

    /// Whether it is an object of an app's part, as the operator makes it.
    pub(super) fn is_own(&self, record: &Record) -> bool {
        record.is_as_declared && is_known(&self.apps, record.owner.as_ref())
    }

    /// The apps to which one of these objects matters.
    fn wakes<'a>(&'a self, records: impl Iterator<Item = &'a Record>) -> Vec<AppKey> {
        let records: Vec<&Record> = records.collect();
        if records.is_empty() {
            return Vec::new();
        }
        let matters = |(id, groups): &&(AppId, PodGroups)| {
            let pods = groups.labels(id);
            records.iter().any(|record| match &record.object {
                Object::Route(route) => route.services.iter().any(|service| self.leads(service, id)),
                _ => pods.iter().any(|labels| record.may_select(labels)),
            })
        };
        self.apps.values().filter(matters).map(|(id, _)| key(id)).collect()
    }

    /// Whether a Service may lead to pods of an app: it is its own, or one of others, which may lead anywhere.
    fn leads(&self, service: &str, id: &AppId) -> bool {
        let is_of = |(id, groups): &(AppId, PodGroups)| groups.parts.iter().any(|part| id.child_name(part) == service);
        self.apps.get(&id.uid).is_some_and(is_of) || !self.apps.values().any(is_of)
    }

    pub(super) fn all(&self) -> Vec<AppKey> {
        self.apps.values().map(|(id, _)| key(id)).collect()
    }
}

fn is_known(apps: &BTreeMap<String, (AppId, PodGroups)>, owner: Option<&Owner>) -> bool {
    owner.is_some_and(|owner| apps.get(&owner.uid).is_some_and(|(id, _)| id.name == owner.name))
}

fn key(id: &AppId) -> AppKey {
    (id.namespace.clone(), id.name.clone())
}
