//! All live children, by name and by app. Filled by the watches and by the responses to the operator's own writes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use kube::Resource;
use serde_json::Value;

use super::{AppKey, entry::Entry, pods::Pods};
use crate::{
    api::HardenedApp,
    app::{AppId, PartName},
    desired::{Child, Kind, Progress},
    plan::{Leftover, Live, PartProgress},
};

/// Kind, namespace and name.
type Key = (&'static Kind, String, String);

/// The live children of all apps, and their pods. Shared between the watches and the reconciliations; never locked
/// across a request.
#[derive(Debug, Default)]
pub struct Cache(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Boxed: a growing map holds its values more than twice, which matters for large ones.
    children: HashMap<Key, Box<Entry>>,
    by_app: HashMap<AppKey, BTreeSet<Key>>,
    /// Unfinished lists, by kind.
    relists: BTreeMap<&'static Kind, Relist>,
    pods: Pods,
}

/// A list that hasn't ended yet.
#[derive(Debug)]
struct Relist {
    began: Instant,
    seen: HashSet<Key>,
}

impl Cache {
    /// A panic while the lock was held can't leave the maps half-changed in a way that a relist wouldn't correct.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores an object that a watch reports. Returns the apps to reconcile, if there may be something to do: two if
    /// the object moved to another app.
    pub(in crate::cluster) fn observed(&self, kind: &'static Kind, object: &Value) -> Vec<AppKey> {
        let Some(key) = key_of(kind, object) else { return Vec::new() };
        if self.state().sees(kind, &key, object) {
            return Vec::new();
        }
        let Some(entry) = Entry::read(kind, object) else { return Vec::new() };
        let mut state = self.state();
        let mut apps = vec![(key.1.clone(), entry.app.clone())];
        if let Some(known) = state.children.get(&key) {
            if known.outranks(&entry) {
                return Vec::new();
            }
            if known.is_same_work(&entry) {
                apps.clear();
            } else if known.app != entry.app {
                apps.push((key.1.clone(), known.app.clone()));
            }
        }
        state.put(key, entry);
        apps
    }

    /// Removes an object whose deletion a watch reports.
    pub(in crate::cluster) fn deleted(&self, kind: &'static Kind, object: &Value) -> Option<AppKey> {
        let key = key_of(kind, object)?;
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
        let mut state = self.state();
        // An object of the same name that the operator has created since stays.
        state.children.get(&key).filter(|known| Some(known.uid.as_str()) == uid)?;
        state.take(&key)
    }

    /// A list begins: what it doesn't contain is deleted.
    pub(in crate::cluster) fn relist(&self, kind: &'static Kind) {
        let relist = Relist { began: Instant::now(), seen: HashSet::new() };
        self.state().relists.insert(kind, relist);
    }

    /// A list has ended. Returns the apps that lost something.
    pub(in crate::cluster) fn relisted(&self, kind: &'static Kind) -> Vec<AppKey> {
        let mut state = self.state();
        let Some(Relist { began, seen }) = state.relists.remove(kind) else { return Vec::new() };
        let gone: Vec<Key> = state
            .children
            .iter()
            // What the operator wrote since the list began may be newer than the list; the watch that follows reports
            // it.
            .filter(|(key, entry)| key.0 == kind && !seen.contains(*key) && !entry.is_written_since(began))
            .map(|(key, _)| key.clone())
            .collect();
        gone.iter().filter_map(|key| state.take(key)).collect()
    }

    /// Stores the response to the operator's own write, so that the next reconciliation already uses it.
    pub(in crate::cluster) fn wrote(&self, kind: &'static Kind, object: &Value) {
        if let (Some(key), Some(entry)) = (key_of(kind, object), Entry::read(kind, object)) {
            let mut state = self.state();
            // The watch can report another client's next change before this response arrives; it won't report that
            // change twice.
            if !state.children.get(&key).is_some_and(|known| known.uid == entry.uid && known.version > entry.version) {
                state.put(key, entry.written_now());
            }
        }
    }

    /// Forgets an object that a request found to be deleted.
    pub(in crate::cluster) fn forget(&self, app: &AppId, kind: &'static Kind, name: &str) {
        self.state().take(&(kind, app.namespace.clone(), name.to_owned()));
    }

    /// Records that the judged object equals the child with this hash. From here on only the hash is kept. What the
    /// watch has reported since then is yet to be judged.
    pub(in crate::cluster) fn verified(&self, app: &AppId, child: &Child, judged: &Live, unowned: &[String]) {
        let key = (child.kind, app.namespace.clone(), child.name.clone());
        let Live::Object { object, .. } = judged else { return };
        if let Some(entry) =
            self.state().children.get_mut(&key).filter(|entry| entry.is_judged_with(child.kind, object))
        {
            entry.object = None;
            entry.verified = Some(child.hash.clone());
            entry.unowned = unowned.to_vec();
        }
    }

    /// What is known of a child.
    #[must_use]
    pub fn live(&self, app: &AppId, child: &Child) -> Live {
        let key = (child.kind, app.namespace.clone(), child.name.clone());
        let state = self.state();
        let Some(entry) = state.children.get(&key) else { return Live::Absent };
        let uid = entry.uid.clone();
        let replicas = entry.progress.as_ref().map(|Progress::Rollout(rollout)| rollout.desired.into());
        let outdated = |uid| Live::Outdated { uid, version: entry.version, replicas };
        if entry.object.is_none() && entry.controller.as_ref() != Some(&app.uid) {
            // Only reconciliations of apps verify children, so it belongs to an app: another one, or an earlier one of
            // this name.
            return Live::Foreign { holder: format!("{} {}", HardenedApp::kind(&()), entry.app) };
        }
        match (&entry.object, &entry.verified) {
            (None, Some(hash)) if *hash == child.hash => Live::Verified { unowned: entry.unowned.clone() },
            (None, _) => outdated(uid),
            (Some(text), verified) => match serde_json::from_str(text) {
                Ok(object) => Live::Object { uid, object, verified: verified.as_ref() == Some(&child.hash) },
                Err(_) => outdated(uid),
            },
        }
    }

    /// Every object that names the app as its controller.
    #[must_use]
    pub fn owned(&self, app: &AppId) -> Vec<Leftover> {
        let state = self.state();
        let keys = state.by_app.get(&(app.namespace.clone(), app.name.clone()));
        keys.into_iter()
            .flatten()
            .filter_map(|key| {
                let entry = state.children.get(key).filter(|entry| entry.controller.as_ref() == Some(&app.uid))?;
                Some(Leftover {
                    kind: key.0,
                    name: key.2.clone(),
                    uid: entry.uid.clone(),
                    resource_version: entry.version.to_string(),
                    leaving: entry.leaving,
                    has_pods: state.pods.any_of_child(&app.namespace, &key.2),
                })
            })
            .collect()
    }

    /// How far each part has come that has pods, by its name.
    #[must_use]
    pub fn progress(&self, app: &AppId, children: &[Child]) -> BTreeMap<PartName, PartProgress> {
        let state = self.state();
        let mut parts = BTreeMap::new();
        for child in children.iter().filter(|child| child.kind.progress.is_some()) {
            let Some(part) = &child.part else { continue };
            let entry = state.children.get(&(child.kind, app.namespace.clone(), child.name.clone()));
            let entry = entry.filter(|entry| entry.controller.as_ref() == Some(&app.uid));
            let progress = entry.and_then(|entry| entry.progress.clone());
            let pods = state.pods.of_child(&app.namespace, &app.child_name(part));
            parts.insert(part.clone(), PartProgress { progress, pods, fewest: child.autoscaled.map(|(min, _)| min) });
        }
        parts
    }

    /// Changes the pods, and returns what the change returns.
    pub(in crate::cluster) fn pods<T>(&self, change: impl FnOnce(&mut Pods) -> T) -> T {
        change(&mut self.state().pods)
    }
}

impl State {
    /// Records that a watch has reported an object. Returns whether that is only the echo of the operator's own write.
    fn sees(&mut self, kind: &'static Kind, key: &Key, object: &Value) -> bool {
        if let Some(relist) = self.relists.get_mut(kind) {
            relist.seen.insert(key.clone());
        }
        self.children.get(key).is_some_and(|known| known.is_echoed_by(object))
    }

    fn put(&mut self, key: Key, mut entry: Entry) {
        let app = (key.1.clone(), entry.app.clone());
        if let Some(earlier) = self.children.remove(&key) {
            self.unlink(&key, &earlier.app);
            entry.succeed(*earlier);
        }
        self.by_app.entry(app).or_default().insert(key.clone());
        self.children.insert(key, Box::new(entry));
    }

    fn take(&mut self, key: &Key) -> Option<AppKey> {
        let entry = self.children.remove(key)?;
        self.unlink(key, &entry.app);
        Some((key.1.clone(), entry.app))
    }

    fn unlink(&mut self, key: &Key, app: &str) {
        let app = (key.1.clone(), app.to_owned());
        if let Some(keys) = self.by_app.get_mut(&app) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_app.remove(&app);
            }
        }
    }
}

fn key_of(kind: &'static Kind, object: &Value) -> Option<Key> {
    let text = |pointer: &str| object.pointer(pointer)?.as_str().map(str::to_owned);
    Some((kind, text("/metadata/namespace")?, text("/metadata/name")?))
}
