//! The maps of the cache: each child under its name, and the names of the children of each app.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Instant,
};

use super::{
    super::stored::Stored,
    entry::{AppKey, Entry},
    pods::Pods,
};
use crate::{app::AppId, desired::Kind};

/// Kind, namespace and name.
pub(super) type Key = (&'static Kind, String, String);

#[derive(Debug, Default)]
pub(super) struct State {
    /// Boxed: a growing map holds its values more than twice, which matters for large ones.
    pub(super) children: HashMap<Key, Box<Entry>>,
    pub(super) by_app: HashMap<AppKey, BTreeSet<Key>>,
    /// Unfinished lists, by kind.
    pub(super) relists: BTreeMap<&'static Kind, Relist>,
    pub(super) pods: Pods,
    /// The kinds that may be missing and are there.
    pub(super) served: BTreeSet<&'static Kind>,
    /// How many objects of each namespace are remembered that no app controls.
    foreign: HashMap<String, usize>,
}

/// Objects of a namespace that are remembered though no app controls them. They have the operator's label, so there are few; but a
/// client can make many.
const MOST_FOREIGN: usize = 100;

/// A list that hasn't ended yet.
#[derive(Debug)]
pub(super) struct Relist {
    pub(super) began: Instant,
    pub(super) seen: HashSet<Key>,
}

impl State {
    /// Records that a watch has reported an object. Returns whether that is only the echo of the operator's own write.
    pub(super) fn sees(&mut self, kind: &'static Kind, key: &Key, object: &Stored) -> bool {
        if let Some(relist) = self.relists.get_mut(kind) {
            relist.seen.insert(key.clone());
        }
        self.children.get(key).is_some_and(|known| known.is_echoed_by(object))
    }

    /// Every object that names the app as its controller.
    pub(super) fn owned<'a>(&'a self, app: &'a AppId) -> impl Iterator<Item = (&'a Key, &'a Entry)> {
        let keys = self.by_app.get(&(app.namespace.clone(), app.name.clone())).into_iter().flatten();
        let entries = keys.filter_map(|key| Some((key, &**self.children.get(key)?)));
        entries.filter(|(_, entry)| entry.controller.as_ref() == Some(&app.uid))
    }

    pub(super) fn put(&mut self, key: Key, mut entry: Entry) {
        if entry.is_foreign() && !self.has_room_for_foreign(&key) {
            // The creation of a child of this name finds it.
            self.take(&key);
            if let Some(relist) = self.relists.get_mut(key.0) {
                relist.seen.remove(&key);
            }
            return;
        }
        let app = (key.1.clone(), entry.app.clone());
        if let Some(earlier) = self.children.remove(&key) {
            self.unlink(&key, &earlier);
            entry.succeed(*earlier);
        }
        self.by_app.entry(app).or_default().insert(key.clone());
        if entry.is_foreign() {
            *self.foreign.entry(key.1.clone()).or_default() += 1;
        }
        self.children.insert(key, Box::new(entry));
    }

    /// Whether one more object that no app controls may be remembered.
    fn has_room_for_foreign(&self, key: &Key) -> bool {
        let known = self.children.get(key).is_some_and(|known| known.is_foreign());
        known || self.foreign.get(&key.1).is_none_or(|count| *count < MOST_FOREIGN)
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<AppKey> {
        let entry = self.children.remove(key)?;
        self.unlink(key, &entry);
        Some((key.1.clone(), entry.app))
    }

    fn unlink(&mut self, key: &Key, entry: &Entry) {
        if entry.is_foreign()
            && let Some(count) = self.foreign.get_mut(&key.1)
        {
            *count = count.saturating_sub(1);
        }
        let app = (key.1.clone(), entry.app.clone());
        if let Some(keys) = self.by_app.get_mut(&app) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_app.remove(&app);
            }
        }
    }
}
