//! What the process remembers of each app besides its cache. All of it may be lost: a restart costs a pause or an event, never a
//! wrong write.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    api::{DriftItem, HardenedAppStatus},
    plan::Contention,
};

/// How often a name that belongs to somebody else is tried again.
pub(super) const CONFLICT_RETRY: Duration = Duration::from_mins(5);

/// Memory by the app's UID.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<String, AppMemory>>);

/// What is remembered of one app.
#[derive(Debug, Default)]
pub struct AppMemory {
    /// The status as written last, and the version of the app with it: outranks older versions from the watch.
    pub status: Option<(u64, HardenedAppStatus)>,
    /// What was undone, until a status says so: an API server that fails between the two must not hide an attack.
    pub unreported: Vec<DriftItem>,
    /// Failed attempts in a row.
    pub failures: u32,
    contention: HashMap<(&'static str, String), Contention>,
    conflicts: HashMap<(&'static str, String), (String, Instant)>,
}

impl Memory {
    /// Looks at or changes what is remembered of an app.
    pub fn of<T>(&self, uid: &str, look: impl FnOnce(&mut AppMemory) -> T) -> T {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(memory.entry(uid.to_owned()).or_default())
    }

    /// Forgets an app that is gone.
    pub fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

impl AppMemory {
    pub(super) fn contention(&mut self, kind: &'static str, name: &str) -> &mut Contention {
        self.contention.entry((kind, name.to_owned())).or_default()
    }

    pub(super) fn conflict_seen(&mut self, kind: &'static str, name: &str, holder: &str) {
        self.conflicts.insert((kind, name.to_owned()), (holder.to_owned(), Instant::now()));
    }

    /// Who was found to have the name, if that is recent enough not to ask again.
    pub(super) fn known_conflict(&self, kind: &'static str, name: &str) -> Option<String> {
        let (holder, seen) = self.conflicts.get(&(kind, name.to_owned()))?;
        (seen.elapsed() < CONFLICT_RETRY).then(|| holder.clone())
    }
}
