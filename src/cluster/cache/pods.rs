//! The pods of the components: whether they are ready, and if not, why.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kube::Resource;

use super::{
    super::stored::{Content, Stored},
    entry::AppKey,
};
use crate::plan::PodState;

/// All pods, by namespace and name.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Pods {
    known: BTreeMap<Key, PodState>,
    /// The names of the pods of each child, by namespace and name of the child.
    by_child: HashMap<Key, BTreeSet<String>>,
    relist: Option<HashSet<Key>>,
}

/// Namespace and name.
type Key = (String, String);

impl Pods {
    /// Stores a pod that a watch reports. Returns the apps that it matters to: two if it moved to another.
    pub(in crate::cluster) fn observed(&mut self, pod: &Stored) -> Vec<AppKey> {
        let Some(key) = key_of(pod) else { return Vec::new() };
        let state = match pod.read() {
            Content::Whole(pod) => PodState::read(&pod),
            Content::Oversized(found) => PodState::of_workload(found.workload.as_deref().unwrap_or_default()),
        };
        if let Some(relist) = &mut self.relist {
            relist.insert(key.clone());
        }
        if self.known.get(&key) == Some(&state) {
            return Vec::new();
        }
        let app = (key.0.clone(), state.app.clone());
        let left = self.take(&key).filter(|left| *left != app);
        self.by_child.entry((key.0.clone(), state.child.clone())).or_default().insert(key.1.clone());
        self.known.insert(key, state);
        left.into_iter().chain([app]).collect()
    }

    pub(in crate::cluster) fn deleted(&mut self, pod: &Stored) -> Option<AppKey> {
        self.take(&key_of(pod)?)
    }

    fn take(&mut self, key: &Key) -> Option<AppKey> {
        let state = self.known.remove(key)?;
        let child = (key.0.clone(), state.child);
        if let Some(names) = self.by_child.get_mut(&child) {
            names.remove(&key.1);
            if names.is_empty() {
                self.by_child.remove(&child);
            }
        }
        Some((child.0, state.app))
    }

    pub(in crate::cluster) fn relist(&mut self) {
        self.relist = Some(HashSet::new());
    }

    pub(in crate::cluster) fn relisted(&mut self) -> Vec<AppKey> {
        let listed = self.relist.take().unwrap_or_default();
        let gone: Vec<_> = self.known.keys().filter(|key| !listed.contains(*key)).cloned().collect();
        gone.iter().filter_map(|key| self.take(key)).collect()
    }

    pub(in crate::cluster) fn of_child(&self, namespace: &str, child: &str) -> Vec<PodState> {
        let names = self.by_child.get(&(namespace.to_owned(), child.to_owned())).into_iter().flatten();
        names.filter_map(|name| self.known.get(&(namespace.to_owned(), name.clone())).cloned()).collect()
    }

    pub(in crate::cluster) fn any_of_child(&self, namespace: &str, child: &str) -> bool {
        // Those of a task stay for as long as its Job, though they run no more.
        self.of_child(namespace, child).iter().any(|pod| pod.task.as_ref().is_none_or(|task| !task.finished))
    }
}

fn key_of(pod: &Stored) -> Option<Key> {
    Some((pod.meta().namespace.clone()?, pod.meta().name.clone()?))
}
