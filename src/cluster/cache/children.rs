//! All live children, by name and by app. Filled by the watches and by the responses to the operator's own writes.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use kube::Resource;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    super::stored::Stored,
    around::{Around, NeighbourKind},
    entry::{AppKey, Content, Entry},
    goes::goes,
    pods::Pods,
    state::{Key, Relist, State},
    task::active_task,
    text::Room,
};
use crate::{
    api::HardenedApp,
    app::{AppId, PartName},
    desired::{Child, Kind, LiveValues, Presence, Progress, Stage},
    plan::{EntryProgress, Leftover, Live, PartProgress},
};

/// The live children of all apps, and their pods. Shared between the watches and the reconciliations; never locked
/// across a request.
#[derive(Debug)]
pub struct Cache {
    state: Mutex<State>,
    /// For the texts of the children.
    room: Room,
    /// Bytes of JSON that may be trees at the same time.
    comparisons: Semaphore,
    /// What surrounds the apps.
    pub(in crate::cluster) around: Around,
}

/// Bytes of JSON that are compared at the same time: one of the largest objects, some twenty of the usual size. The worst text takes a
/// hundred times its length.
const COMPARED: u32 = 256 * 1024;

impl Default for Cache {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            room: Room::default(),
            comparisons: Semaphore::new(COMPARED as usize),
            around: Around::default(),
        }
    }
}

impl Cache {
    /// A panic while the lock was held can't leave the maps half-changed in a way that a relist wouldn't correct.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores an object that a watch reports. Returns the apps to reconcile, if there may be something to do: two if
    /// the object moved to another app.
    pub(in crate::cluster) fn observed(&self, kind: &'static Kind, object: &Stored) -> Vec<AppKey> {
        let Some(key) = key_of(kind, object) else { return Vec::new() };
        let mut state = self.state();
        if state.sees(kind, &key, object) {
            return Vec::new();
        }
        let known = state.children.get(&key).map(|known| &**known);
        let Some(entry) = Entry::read(kind, object, known, &self.room) else {
            // What was known is no longer true.
            return state.take(&key).into_iter().collect();
        };
        let mut apps = vec![(key.1.clone(), entry.app.clone())];
        if let Some(known) = known {
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
    pub(in crate::cluster) fn deleted(&self, kind: &'static Kind, object: &Stored) -> Option<AppKey> {
        let key = key_of(kind, object)?;
        let mut state = self.state();
        // An object of the same name that the operator has created since stays.
        state.children.get(&key).filter(|known| Some(&known.uid) == object.meta().uid.as_ref())?;
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
    pub(in crate::cluster) fn wrote(&self, kind: &'static Kind, object: &Stored) {
        let Some(key) = key_of(kind, object) else { return };
        let mut state = self.state();
        let known = state.children.get(&key).map(|known| &**known);
        let Some(entry) = Entry::read(kind, object, known, &self.room) else { return };
        // The watch can report another client's next change before this response arrives; it won't report that
        // change twice.
        if !known.is_some_and(|known| known.uid == entry.uid && known.version > entry.version) {
            state.put(key, entry.written_now());
        }
        drop(state);
        if let Some(kind) = NeighbourKind::of(kind) {
            self.route_written(kind, object);
        }
    }

    /// Whether the API server has a kind, and its objects are known.
    #[must_use]
    pub fn serves(&self, kind: &Kind) -> bool {
        kind.presence == Presence::Always || self.state().served.contains(kind)
    }

    /// The API server has a kind that may be missing, and its objects are known. Returns whether that is news.
    pub(in crate::cluster) fn appeared(&self, kind: &'static Kind) -> bool {
        self.state().served.insert(kind)
    }

    /// The API server doesn't have a kind any more, nor its objects. Returns whether it had.
    pub(in crate::cluster) fn vanished(&self, kind: &'static Kind) -> bool {
        let mut state = self.state();
        state.relists.remove(kind);
        let gone: Vec<Key> = state.children.keys().filter(|key| key.0 == kind).cloned().collect();
        for key in gone {
            state.take(&key);
        }
        state.served.remove(kind)
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
            entry.content = Content::Compared;
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
        let values = match &entry.progress {
            Some(Progress::Rollout(rollout)) => LiveValues { replicas: Some(rollout.desired.into()), suspended: false },
            Some(Progress::Job(job)) => LiveValues { replicas: None, suspended: job.suspended },
            Some(_) | None => LiveValues::default(),
        };
        let outdated = |uid| Live::Outdated { uid, version: entry.version, values };
        let verified = entry.verified.as_ref() == Some(&child.hash);
        match &entry.content {
            Content::Foreign { holder, disowned } => {
                Live::Foreign { holder: holder.clone(), disowned: disowned.clone() }
            }
            Content::Oversized(found) => Live::Oversized(found.clone()),
            Content::Text(text) => match text.read() {
                Some(object) => Live::Object { uid, object, verified },
                None => outdated(uid),
            },
            // Only reconciliations of apps compare children, so it belongs to an app: another one, or an earlier one of
            // this name.
            Content::Compared | Content::Unread(_) if entry.controller.as_ref() != Some(&app.uid) => {
                Live::Foreign { holder: format!("{} {}", HardenedApp::kind(&()), entry.app), disowned: None }
            }
            Content::Compared if verified => Live::Verified { unowned: entry.unowned.clone() },
            Content::Compared => outdated(uid),
            Content::Unread(_) => Live::Unread { uid, verified },
        }
    }

    /// Waits until a comparison of the child may take its memory: a tree takes many times its text, and many apps are reconciled at
    /// the same time. The memory counts as taken until the permit is dropped.
    pub(in crate::cluster) async fn comparison(&self, app: &AppId, child: &Child) -> Option<SemaphorePermit<'_>> {
        let key = (child.kind, app.namespace.clone(), child.name.clone());
        let weight = self.state().children.get(&key).map_or(0, |entry| entry.weight());
        let weight = u32::try_from(weight).unwrap_or(u32::MAX).min(COMPARED);
        // The semaphore is never closed, so a permit always comes.
        self.comparisons.acquire_many(weight).await.ok()
    }

    /// Every object that names the app as its controller.
    #[must_use]
    pub fn owned(&self, app: &AppId) -> Vec<Leftover> {
        let state = self.state();
        let active: BTreeSet<&str> = state.owned(app).filter_map(|(_, entry)| active_task(entry)).collect();
        state
            .owned(app)
            .map(|(key, entry)| Leftover {
                kind: key.0,
                name: key.2.clone(),
                uid: entry.uid.clone(),
                resource_version: entry.version.to_string(),
                leaving: entry.leaving,
                has_pods: active.contains(key.2.as_str()) || state.pods.any_of_child(&app.namespace, &key.2),
                goes: goes(app, key.0, &key.2, entry),
            })
            .collect()
    }

    /// How far each part has come that has pods, by its name.
    #[must_use]
    pub fn progress(&self, app: &AppId, children: &[Child]) -> BTreeMap<PartName, PartProgress> {
        let state = self.state();
        let mut parts = BTreeMap::new();
        for child in children.iter().filter(|child| child.kind.rolls_out()) {
            let Some(part) = &child.part else { continue };
            let entry = state.children.get(&(child.kind, app.namespace.clone(), child.name.clone()));
            let entry = entry.filter(|entry| entry.controller.as_ref() == Some(&app.uid));
            let progress = entry.and_then(|entry| entry.progress.clone());
            let pods = state.pods.of_child(&app.namespace, &app.child_name(part));
            parts.insert(part.clone(), PartProgress { progress, pods, fewest: child.autoscaled.map(|(min, _)| min) });
        }
        parts
    }

    /// What controllers outside this operator say of the app's objects.
    #[must_use]
    pub fn entries(&self, app: &AppId) -> EntryProgress {
        let state = self.state();
        let entries = state.owned(app).filter_map(|(key, entry)| {
            let progress = entry.progress.clone().filter(|_| key.0.stage == Stage::Entry)?;
            Some(((key.0.name, key.2.clone()), progress))
        });
        entries.collect()
    }

    /// Changes the pods, and returns what the change returns.
    pub(in crate::cluster) fn pods<T>(&self, change: impl FnOnce(&mut Pods) -> T) -> T {
        change(&mut self.state().pods)
    }
}

fn key_of(kind: &'static Kind, object: &Stored) -> Option<Key> {
    Some((kind, object.meta().namespace.clone()?, object.meta().name.clone()?))
}
