//! What the process remembers of each app besides its cache. All of it may be lost: a restart can lose a pause or an
//! event, but never causes a wrong write.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::Time,
    jiff::{Timestamp, Unit},
};
use kube::Resource;

use super::{contention::Contention, schedule::conflict_retry, verdict::most_dangerous};
use crate::{
    api::{DriftItem, HardenedAppStatus, StoredApp, version},
    app::Edge,
    desired::{Child, Kind},
    release::Recorded,
};

/// What is remembered of one app.
#[derive(Debug, Default)]
pub struct AppMemory {
    /// The status that this process wrote last, and the version of the app with it: older versions from the watch don't
    /// replace it.
    pub status: Option<(u64, HardenedAppStatus)>,
    /// What was reverted, until it is in a status: an API server that fails between the two must not hide an attack.
    pub unreported: Vec<DriftItem>,
    /// Failed attempts in a row.
    pub failures: u32,
    /// What entries of the record keep, by name: those that were written or read, and that something may depend on.
    pub releases: BTreeMap<String, Recorded>,
    /// Connections that only pods of earlier releases need; `None` until they are known.
    pub earlier: Option<BTreeSet<Edge>>,
    /// How many deviations of each kind of child were reverted, for as long as the process lives.
    reverted: BTreeMap<String, u64>,
    children: HashMap<(&'static Kind, String), ChildMemory>,
}

/// What is remembered of one child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildMemory {
    /// How often it was reverted recently.
    pub contention: Contention,
    /// It was read and doesn't exist, though the last status lists it.
    pub gone: bool,
    refusal: Option<Refused>,
    conflict: Option<Taken>,
}

/// A name that another owner's object has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Taken {
    /// Hash of what was to be created.
    hash: String,
    holder: String,
    since: Instant,
}

/// A write that the API server has refused.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    /// Hash of what was written.
    hash: String,
    times: u32,
    since: Instant,
    until: Instant,
    words: String,
}

/// The longest pause after a refusal where the live object is weaker than declared.
const LONGEST_IN_DANGER: Duration = Duration::from_secs(30);

/// Reverted deviations kept for the next status, which shows no more than this.
const UNREPORTED: usize = 20;

impl AppMemory {
    /// The status as it is: what the watch has delivered, or what this process has written since.
    pub fn last_status(&mut self, stored: &StoredApp) -> HardenedAppStatus {
        if self.status.as_ref().is_none_or(|(written, _)| *written <= version(stored.meta())) {
            self.status = None;
            return stored.status().cloned().unwrap_or_default();
        }
        self.status.as_ref().map(|(_, status)| status.clone()).unwrap_or_default()
    }

    /// What is remembered of a child.
    #[must_use]
    pub fn child(&self, child: &Child) -> ChildMemory {
        self.children.get(&(child.kind, child.name.clone())).cloned().unwrap_or_default()
    }

    /// Changes what is remembered of a child. Nothing is kept of a child of which there is nothing to remember.
    pub fn change<T>(&mut self, child: &Child, change: impl FnOnce(&mut ChildMemory) -> T) -> T {
        let key = (child.kind, child.name.clone());
        let mut memory = self.children.remove(&key).unwrap_or_default();
        let result = change(&mut memory);
        if memory != ChildMemory::default() {
            self.children.insert(key, memory);
        }
        result
    }

    /// How many children there is something to remember of.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.children.len()
    }

    /// Forgets children that aren't declared any more.
    pub fn retain(&mut self, declared: &[Child]) {
        if self.children.len() > declared.len() {
            self.children.retain(|(kind, name), _| declared.iter().any(|it| it.kind == *kind && it.name == *name));
        }
    }

    /// Records what was reverted, until a status reports it. What no manager dates is dated now, in whole seconds as the API stores
    /// them, so that a status that was written without an answer is known to have it.
    pub fn add_reverted(&mut self, items: &[DriftItem], now: Timestamp) {
        for item in items {
            *self.reverted.entry(item.kind.clone()).or_default() += 1;
        }
        let now = now.round(Unit::Second).unwrap_or(now);
        // The newest first.
        // A client can forge a time. One in the future would make the same attack look like the one that was reported before.
        let past = |since: &Time| since.0 <= now;
        let dated =
            |item: &DriftItem| DriftItem { since: item.since.clone().filter(past).or(Some(Time(now))), ..item.clone() };
        self.unreported.splice(..0, items.iter().map(dated));
        self.unreported = most_dangerous(std::mem::take(&mut self.unreported), UNREPORTED);
    }

    /// How many deviations were reverted, by kind of child.
    #[must_use]
    pub fn reverted(&self) -> BTreeMap<String, u64> {
        self.reverted.clone()
    }
}

impl ChildMemory {
    /// Why a write of this child was refused, while it is too early to try it again.
    #[must_use]
    pub fn refusal(&self, child: &Child, dangerous: bool, now: Instant) -> Option<(Duration, String)> {
        let refusal = self.refusal.as_ref().filter(|refusal| refusal.hash == child.hash)?;
        let longest = if dangerous { LONGEST_IN_DANGER } else { Duration::MAX };
        let pause = refusal.until.saturating_duration_since(now);
        let pause = pause.min(longest.saturating_sub(now.saturating_duration_since(refusal.since)));
        (!pause.is_zero()).then(|| (pause, refusal.words.clone()))
    }

    /// How often a write of this child was refused in a row.
    #[must_use]
    pub fn refusals(&self, child: &Child) -> u32 {
        self.refusal.as_ref().filter(|known| known.hash == child.hash).map_or(0, |known| known.times)
    }

    /// Records a refused write, to be tried again after the pause.
    pub fn add_refusal(&mut self, child: &Child, words: &str, now: Instant, pause: Duration) {
        let times = self.refusals(child).saturating_add(1);
        let until = now + pause;
        self.refusal = Some(Refused { hash: child.hash.clone(), times, since: now, until, words: words.to_owned() });
    }

    /// Which owner has an object of this name, if that was read recently enough not to try again.
    #[must_use]
    pub fn conflict(&self, child: &Child, now: Instant) -> Option<(Duration, String)> {
        // A changed spec is a reason to try again at once.
        let taken = self.conflict.as_ref().filter(|taken| taken.hash == child.hash)?;
        let pause = conflict_retry(child.kind).saturating_sub(now.saturating_duration_since(taken.since));
        (!pause.is_zero()).then(|| (pause, taken.holder.clone()))
    }

    /// Records which owner has an object of this name.
    pub fn add_conflict(&mut self, child: &Child, holder: &str, now: Instant) {
        self.conflict = Some(Taken { hash: child.hash.clone(), holder: holder.to_owned(), since: now });
    }

    /// Forgets conflicts and refusals: the object is in place.
    pub fn clear_failures(&mut self) {
        self.refusal = None;
        self.conflict = None;
    }
}
