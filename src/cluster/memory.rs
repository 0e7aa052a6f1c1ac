//! What the process remembers of each app besides its cache. All of it may be lost: a restart costs a pause or an event, never a
//! wrong write.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{FailureClass, backoff};
use crate::{
    api::{DriftItem, HardenedAppStatus},
    app::App,
    desired::{Child, Stage},
    plan::{Contention, foremost},
};

/// How often a name that belongs to somebody else is tried again: soon where pods may be without their guard.
pub(super) fn conflict_retry(child: &Child) -> Duration {
    match child.kind.stage {
        Stage::Guard => Duration::from_secs(30),
        Stage::Workload => Duration::from_mins(5),
    }
}

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
    /// How many deviations of each kind of child were undone, for as long as the process lives.
    undone: BTreeMap<String, u64>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// The app as it was accepted last: what runs is kept so while a newer spec is refused.
    pub accepted: Option<App>,
    refusals: HashMap<(&'static str, String), Refusal>,
    contention: HashMap<(&'static str, String), Contention>,
    conflicts: HashMap<(&'static str, String), Taken>,
    /// Children that were asked for and not found, though the last status lists them.
    gone: HashSet<(&'static str, String)>,
}

/// A name that somebody else has.
#[derive(Clone, Debug)]
struct Taken {
    /// Hash of what was to be created.
    hash: String,
    holder: String,
    since: Instant,
}

/// A write that the API server has refused.
#[derive(Clone, Debug)]
struct Refusal {
    /// Hash of what was written.
    hash: String,
    times: u32,
    since: Instant,
    until: Instant,
    words: String,
}

/// The longest pause after a refusal where the live object is weaker than declared.
const LONGEST_IN_DANGER: Duration = Duration::from_secs(30);

/// Undone deviations kept for the next status; it shows no more anyway.
const UNREPORTED: usize = 20;

impl Memory {
    /// Looks at or changes what is remembered of an app.
    pub fn of<T>(&self, uid: &str, look: impl FnOnce(&mut AppMemory) -> T) -> T {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(memory.entry(uid.to_owned()).or_default())
    }

    /// How many deviations of an app were undone, by kind of child.
    #[must_use]
    pub fn undone(&self, uid: &str) -> BTreeMap<String, u64> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(uid).map(|memory| memory.undone.clone()).unwrap_or_default()
    }

    /// Forgets an app that is gone.
    pub fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

impl AppMemory {
    pub(super) fn contention(&mut self, child: &Child) -> &mut Contention {
        self.contention.entry((child.kind.name, child.name.clone())).or_default()
    }

    /// Notes what was undone, until a status says so.
    pub(crate) fn undone(&mut self, items: &[DriftItem]) {
        for item in items {
            *self.undone.entry(item.kind.clone()).or_default() += 1;
        }
        // The newest first.
        self.unreported.splice(..0, items.iter().cloned());
        self.unreported = foremost(std::mem::take(&mut self.unreported), UNREPORTED);
    }

    /// Why a write was refused, while it is too early to try it again.
    pub(super) fn refusal(&self, child: &Child, dangerous: bool) -> Option<(Duration, String)> {
        let refusal = self.refusals.get(&(child.kind.name, child.name.clone()))?;
        let longest = if dangerous { LONGEST_IN_DANGER } else { Duration::MAX };
        let pause = refusal.until.saturating_duration_since(Instant::now());
        let pause = pause.min(longest.saturating_sub(refusal.since.elapsed()));
        (refusal.hash == child.hash && !pause.is_zero()).then(|| (pause, refusal.words.clone()))
    }

    /// Notes a refused write. Returns how long to leave it alone.
    pub(super) fn refused(&mut self, child: &Child, words: &str) -> Duration {
        let key = (child.kind.name, child.name.clone());
        let times = self
            .refusals
            .get(&key)
            .filter(|known| known.hash == child.hash)
            .map_or(1, |known| known.times.saturating_add(1));
        let pause = backoff(FailureClass::Refused, times);
        let since = Instant::now();
        let until = since + pause;
        self.refusals.insert(key, Refusal { hash: child.hash.clone(), times, since, until, words: words.to_owned() });
        pause
    }

    pub(super) fn conflict_seen(&mut self, child: &Child, holder: &str) {
        let seen = Taken { hash: child.hash.clone(), holder: holder.to_owned(), since: Instant::now() };
        self.conflicts.insert((child.kind.name, child.name.clone()), seen);
    }

    /// The object was seen to be ours: what was known of conflicts and refusals is past.
    pub(super) fn at_peace(&mut self, child: &Child) {
        let key = (child.kind.name, child.name.clone());
        self.conflicts.remove(&key);
        self.refusals.remove(&key);
    }

    /// Notes that a child isn't only out of sight.
    pub(super) fn gone(&mut self, child: &Child) {
        self.gone.insert((child.kind.name, child.name.clone()));
    }

    /// Notes that the watch shows a child.
    pub(super) fn seen(&mut self, child: &Child) {
        self.gone.remove(&(child.kind.name, child.name.clone()));
    }

    /// Whether a child was found to be gone.
    pub(super) fn is_gone(&self, child: &Child) -> bool {
        self.gone.contains(&(child.kind.name, child.name.clone()))
    }

    /// Who was found to have the name, if that is recent enough not to ask again.
    pub(super) fn known_conflict(&self, child: &Child) -> Option<(Duration, String)> {
        // A changed spec is a reason to look again at once.
        let taken =
            self.conflicts.get(&(child.kind.name, child.name.clone())).filter(|taken| taken.hash == child.hash)?;
        let pause = conflict_retry(child).saturating_sub(taken.since.elapsed());
        (!pause.is_zero()).then(|| (pause, taken.holder.clone()))
    }
}
