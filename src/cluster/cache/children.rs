//! All live children, by name and by app. Fed by the watches and by the answers to our own writes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use kube::Resource;
use serde_json::Value;

use super::{AppKey, entry::Entry, pods::Pods};
use crate::{
    api::{FindingItem, HardenedApp},
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
    /// Boxed: a map of large values that grows holds them twice and more.
    children: HashMap<Key, Box<Entry>>,
    by_app: HashMap<AppKey, BTreeSet<Key>>,
    /// Lists under way, by kind.
    relists: BTreeMap<&'static Kind, Relist>,
    pods: Pods,
}

/// A list that is under way.
#[derive(Debug)]
struct Relist {
    began: Instant,
    seen: HashSet<Key>,
}

impl Cache {
    /// A panic while the lock was held can't leave the maps half-changed in a way that a relist wouldn't mend.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what a watch says. Returns the apps to look at, if there may be something to do: two where it changed hands.
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

    /// Takes in a deletion that a watch reports.
    pub(in crate::cluster) fn deleted(&self, kind: &'static Kind, object: &Value) -> Option<AppKey> {
        let key = key_of(kind, object)?;
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
        let mut state = self.state();
        // An object of the same name that we have made since stays.
        state.children.get(&key).filter(|known| Some(known.uid.as_str()) == uid)?;
        state.take(&key)
    }

    /// A list begins: what it doesn't hold is gone.
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
            // What we wrote since the list began may be newer than it; the watch that follows will tell.
            .filter(|(key, entry)| key.0 == kind && !seen.contains(*key) && !entry.is_written_since(began))
            .map(|(key, _)| key.clone())
            .collect();
        gone.iter().filter_map(|key| state.take(key)).collect()
    }

    /// Takes in the answer to our own write, so that the next look already sees it.
    pub(in crate::cluster) fn wrote(&self, kind: &'static Kind, object: &Value) {
        if let (Some(key), Some(entry)) = (key_of(kind, object), Entry::read(kind, object)) {
            let mut state = self.state();
            // Somebody's next change can reach the watch before our answer reaches us; the watch won't tell it twice.
            if !state.children.get(&key).is_some_and(|known| known.uid == entry.uid && known.version > entry.version) {
                state.put(key, entry.written_now());
            }
        }
    }

    /// Forgets an object that a request found to be gone.
    pub(in crate::cluster) fn forget(&self, app: &AppId, kind: &'static Kind, name: &str) {
        self.state().take(&(kind, app.namespace.clone(), name.to_owned()));
    }

    /// Notes that the object that was judged is what the child's hash stands for. From here on only that is kept of it. What
    /// the watch has brought since then is yet to be judged.
    pub(in crate::cluster) fn verified(&self, app: &AppId, child: &Child, judged: &Live, findings: &[FindingItem]) {
        let key = (child.kind, app.namespace.clone(), child.name.clone());
        let Live::Object { object, .. } = judged else { return };
        if let Some(entry) =
            self.state().children.get_mut(&key).filter(|entry| entry.is_judged_with(child.kind, object))
        {
            entry.object = None;
            entry.verified = Some(child.hash.clone());
            entry.findings = findings.to_vec();
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
            // Only apps settle children, so an app has it: another one, or an earlier one of this name.
            return Live::Foreign { holder: format!("{} {}", HardenedApp::kind(&()), entry.app) };
        }
        match (&entry.object, &entry.verified) {
            (None, Some(hash)) if *hash == child.hash => Live::Verified { findings: entry.findings.clone() },
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
            parts.insert(part.clone(), PartProgress { progress, pods });
        }
        parts
    }

    /// Changes the pods, and returns what the change returns.
    pub(in crate::cluster) fn pods<T>(&self, change: impl FnOnce(&mut Pods) -> T) -> T {
        change(&mut self.state().pods)
    }
}

impl State {
    /// Notes that a watch has told of an object. Returns whether that is only the echo of our own write.
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
