//! The pods of the components: whether they are ready, and if not, why.

use std::collections::{BTreeMap, HashSet};

use kube::Resource;

use super::{
    super::stored::{Content, Stored},
    entry::AppKey,
};
use crate::plan::PodState;

/// All pods, by namespace and name.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Pods {
    known: BTreeMap<(String, String), PodState>,
    relist: Option<HashSet<(String, String)>>,
}

impl Pods {
    pub(in crate::cluster) fn observed(&mut self, pod: &Stored) -> Option<AppKey> {
        let key = key_of(pod)?;
        let state = match pod.read() {
            Content::Whole(pod) => PodState::read(&pod),
            Content::Oversized(found) => PodState::of_workload(found.workload.as_deref().unwrap_or_default()),
        };
        if let Some(relist) = &mut self.relist {
            relist.insert(key.clone());
        }
        let app = (key.0.clone(), state.app.clone());
        (self.known.insert(key, state.clone()) != Some(state)).then_some(app)
    }

    pub(in crate::cluster) fn deleted(&mut self, pod: &Stored) -> Option<AppKey> {
        let key = key_of(pod)?;
        self.known.remove(&key).map(|state| (key.0, state.app))
    }

    pub(in crate::cluster) fn relist(&mut self) {
        self.relist = Some(HashSet::new());
    }

    pub(in crate::cluster) fn relisted(&mut self) -> Vec<AppKey> {
        let listed = self.relist.take().unwrap_or_default();
        let gone: Vec<_> = self.known.keys().filter(|key| !listed.contains(*key)).cloned().collect();
        gone.into_iter().filter_map(|key| self.known.remove(&key).map(|state| (key.0, state.app))).collect()
    }

    pub(in crate::cluster) fn of_child(&self, namespace: &str, child: &str) -> Vec<PodState> {
        self.in_namespace(namespace).filter(|state| state.child == child).cloned().collect()
    }

    pub(in crate::cluster) fn any_of_child(&self, namespace: &str, child: &str) -> bool {
        self.in_namespace(namespace).any(|state| state.child == child)
    }

    fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &PodState> {
        self.known
            .range((namespace.to_owned(), String::new())..)
            .take_while(move |((found, _), _)| found == namespace)
            .map(|(_, state)| state)
    }
}

fn key_of(pod: &Stored) -> Option<(String, String)> {
    Some((pod.meta().namespace.clone()?, pod.meta().name.clone()?))
}
