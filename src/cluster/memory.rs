//! What the process remembers of all apps.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use crate::plan::AppMemory;

/// Memory by the app's UID.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<String, AppMemory>>);

impl Memory {
    /// Begins to remember an app, where it isn't remembered already.
    pub fn begin(&self, uid: &str) {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.entry(uid.to_owned()).or_default();
    }

    /// Reads or changes what is remembered of an app. Of an app that was forgotten nothing is kept: a reconciliation can end after it.
    pub fn of<T>(&self, uid: &str, access: impl FnOnce(&mut AppMemory) -> T) -> T {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match memory.get_mut(uid) {
            Some(memory) => access(memory),
            None => access(&mut AppMemory::default()),
        }
    }

    /// How many deviations of an app were reverted, by kind of child.
    #[must_use]
    pub fn reverted(&self, uid: &str) -> BTreeMap<String, u64> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(uid).map(AppMemory::reverted).unwrap_or_default()
    }

    /// Forgets an app that is gone.
    pub fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}
