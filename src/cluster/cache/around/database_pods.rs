//! The pods of databases that others run: in namespaces with such databases, those that one of them names.

use std::collections::{BTreeMap, HashMap};

use super::{super::entry::AppKey, foreign_pod::is_small, view::View};
use crate::{app::AppId, plan::ForeignPod};

/// Pods of one namespace that are kept. If there are more, none of its databases can be judged.
const MOST: usize = 500;

type Labels = BTreeMap<String, String>;

/// The pods of databases that others run.
#[derive(Debug, Default)]
pub(in crate::cluster) struct ForeignPods {
    namespaces: HashMap<String, Namespace>,
    list: List,
    has_listed: bool,
}

/// The lists of the watch.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    /// How many have begun.
    relist: u32,
    /// One is under way.
    is_listing: bool,
}

/// What a pod is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Found {
    Pod(ForeignPod),
    /// It exists, but can't be read.
    Unread,
    /// It is deleted, or has ended.
    Gone,
}

impl Found {
    /// Pods that a list of a namespace reads: more than are kept.
    pub(in crate::cluster) const MOST_LISTED: usize = MOST;
}

#[derive(Debug)]
struct Namespace {
    /// What the databases of each app name, by its UID.
    wanted: BTreeMap<String, (AppId, Vec<Labels>)>,
    /// Those that exist. One of which more would have to be kept than there is room for counts as unread.
    view: View<Found>,
    count: usize,
    /// There were more than are counted.
    overflows: bool,
}

impl Namespace {
    fn is_wanted(&self, labels: &Labels) -> bool {
        self.wanted.values().flat_map(|(_, wanted)| wanted).any(|wanted| has(labels, wanted))
    }

    /// What of a pod is to be kept: nothing if it isn't of interest.
    fn select(&self, found: Found) -> Found {
        match found {
            Found::Pod(pod) if !self.is_wanted(&pod.labels) => Found::Gone,
            Found::Pod(pod) if !is_small(&pod) => Found::Unread,
            other => other,
        }
    }

    /// Whether most pods beyond those that are counted can have gone since: then all are to be listed again. `is_listing` if the watch is
    /// listing the cluster: that list leaves out what came before.
    fn has_room_again(&mut self, is_listing: bool) -> bool {
        let has_room = self.overflows && self.count <= MOST / 5 * 4;
        if has_room {
            self.overflows = false;
            self.view.outdate(is_listing);
        }
        has_room
    }

    fn observe(&mut self, name: &str, version: u64, list: List, found: Found) -> Vec<AppKey> {
        if !self.view.accepts(version) {
            return Vec::new();
        }
        let later = self.select(found);
        if later == Found::Gone {
            self.view.mark_gone(name, version);
        }
        let overflowed = self.overflows;
        let earlier = self.view.value(name).cloned().unwrap_or(Found::Gone);
        self.replace(name, version, list.relist, later.clone());
        if self.has_room_again(list.is_listing) {
            return self.apps(|_| true);
        }
        if earlier == later && overflowed == self.overflows {
            return Vec::new();
        }
        let is_unknown = overflowed != self.overflows || [&earlier, &later].contains(&&Found::Unread);
        let has_either = |wanted: &Labels| {
            [&earlier, &later].into_iter().any(|found| matches!(found, Found::Pod(pod) if has(&pod.labels, wanted)))
        };
        self.apps(|wanted| is_unknown || has_either(wanted))
    }

    fn replace(&mut self, name: &str, version: u64, relist: u32, found: Found) {
        self.count -= usize::from(self.view.take(name).is_some());
        if found == Found::Gone {
            return;
        }
        if self.count == MOST {
            self.overflows = true;
            return;
        }
        self.count += 1;
        self.view.put(name.to_owned(), version, relist, found);
    }

    fn apps(&self, matters: impl Fn(&Labels) -> bool) -> Vec<AppKey> {
        let apps = self.wanted.values().filter(|(_, wanted)| wanted.iter().any(&matters));
        apps.map(|(id, _)| (id.namespace.clone(), id.name.clone())).collect()
    }
}

impl ForeignPods {
    /// Records which pods the databases of an app name.
    pub(super) fn register(&mut self, id: &AppId, wanted: &[Labels]) {
        if wanted.is_empty() {
            return self.app_gone(&id.namespace, &id.uid);
        }
        let is_listing = self.list.is_listing;
        let namespace = self.namespaces.entry(id.namespace.clone()).or_insert_with(|| Namespace {
            wanted: BTreeMap::new(),
            view: View::new(is_listing),
            count: 0,
            overflows: false,
        });
        let known = |labels: &Labels| namespace.wanted.values().any(|(_, wanted)| wanted.contains(labels));
        if !wanted.iter().all(known) {
            // Pods that only this one names weren't kept.
            namespace.view.outdate(is_listing);
            namespace.overflows = false;
        }
        namespace.wanted.insert(id.uid.clone(), (id.clone(), wanted.to_vec()));
        self.drop_unwanted(&id.namespace);
    }

    pub(super) fn app_gone(&mut self, namespace: &str, uid: &str) {
        let Some(known) = self.namespaces.get_mut(namespace) else { return };
        known.wanted.remove(uid);
        if known.wanted.is_empty() {
            self.namespaces.remove(namespace);
        } else {
            self.drop_unwanted(namespace);
        }
    }

    fn drop_unwanted(&mut self, namespace: &str) {
        let Some(known) = self.namespaces.get_mut(namespace) else { return };
        let is_unwanted = |found: &Found| matches!(found, Found::Pod(pod) if !known.is_wanted(&pod.labels));
        for name in known.view.names(is_unwanted) {
            known.replace(&name, 0, 0, Found::Gone);
        }
        // Its other apps look at their pods again soon, since they aren't known.
        known.has_room_again(self.list.is_listing);
    }

    pub(in crate::cluster) fn are_wanted(&self) -> bool {
        !self.namespaces.is_empty()
    }

    pub(super) fn is_of_interest(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    /// Stores what the watch reports. Returns the apps that it matters to.
    pub(super) fn observed(&mut self, (namespace, name): (&str, &str), version: u64, found: Found) -> Vec<AppKey> {
        let list = self.list;
        let namespace = self.namespaces.get_mut(namespace);
        namespace.map(|namespace| namespace.observe(name, version, list, found)).unwrap_or_default()
    }

    pub(in crate::cluster) fn relist(&mut self) {
        self.list = List { relist: self.list.relist + 1, is_listing: true };
        self.namespaces.values_mut().for_each(|namespace| namespace.view.relist());
    }

    /// The watch has listed the cluster. Returns the apps that lost a pod, or whose pods are known only now.
    pub(in crate::cluster) fn relisted(&mut self) -> Vec<AppKey> {
        self.has_listed = true;
        self.list.is_listing = false;
        let list = self.list;
        let mut apps = Vec::new();
        for namespace in self.namespaces.values_mut() {
            let was_complete = namespace.view.is_complete();
            for name in namespace.view.relisted(list.relist) {
                apps.extend(namespace.observe(&name, u64::MAX, list, Found::Gone));
            }
            if !was_complete {
                apps.extend(namespace.apps(|_| true));
            }
        }
        apps.sort();
        apps.dedup();
        apps
    }

    /// Begins a list of a namespace, if one is needed. While the watch lists the cluster none is: that list
    /// may be enough, and its end wakes the apps.
    pub(in crate::cluster) fn begin_list(&mut self, namespace: &str) -> Option<u32> {
        let namespace = self.namespaces.get_mut(namespace)?;
        let is_needed = self.has_listed && !self.list.is_listing && !namespace.view.is_complete();
        is_needed.then(|| namespace.view.list())?;
        Some(self.list.relist)
    }

    /// What of a pod is to be kept: nothing if no database of the namespace names it.
    pub(in crate::cluster) fn select(&self, namespace: &str, found: Found) -> Found {
        self.namespaces.get(namespace).map_or(Found::Gone, |namespace| namespace.select(found))
    }

    /// That list has ended, at this version. It counts for nothing if the watch has begun to list the cluster since.
    pub(in crate::cluster) fn listed(
        &mut self,
        namespace: &str,
        begun: u32,
        version: u64,
        pods: Vec<(String, u64, Found)>,
    ) {
        let is_current = self.list.relist == begun && !self.list.is_listing;
        let Some(namespace) = self.namespaces.get_mut(namespace).filter(|_| is_current) else { return };
        let Some(merge) = namespace.view.listed(version) else { return };
        for name in &merge.outdated {
            namespace.replace(name, version, begun, Found::Gone);
        }
        for (name, version, found) in pods.into_iter().filter(|(name, ..)| !merge.newer.contains(name)) {
            let pod = namespace.select(found);
            namespace.replace(&name, version, begun, pod);
        }
    }

    /// The pods with these labels, by name; `None` until all are known.
    pub(in crate::cluster) fn with(&self, namespace: &str, labels: &Labels) -> Option<Vec<ForeignPod>> {
        let namespace = self.namespaces.get(namespace)?;
        let is_known = namespace.view.is_complete() && !namespace.overflows;
        let mut pods = Vec::new();
        for found in namespace.view.values().take_while(|_| is_known) {
            match found {
                Found::Pod(pod) if has(&pod.labels, labels) => pods.push(pod.clone()),
                Found::Pod(_) | Found::Gone => {}
                Found::Unread => return None,
            }
        }
        is_known.then_some(pods)
    }
}

/// Whether labels contain all of these.
fn has(labels: &Labels, wanted: &Labels) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}
