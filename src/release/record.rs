//! The record of an app's releases and of the migrations that ran for them: what must outlive the operator, the status and the Jobs.
//!
//! Each entry is a `ControllerRevision`: those who may edit a namespace can't write them ("edit" allows only to read them).

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::job::{Job, Verdict};
use crate::app::Hashes;

/// Annotation of an entry: [`Facts`] as JSON.
pub const FACTS: &str = "hardened.dev/release";

/// Annotation of an entry: what isn't part of a release as it was last, as JSON.
pub const UNGATED: &str = "hardened.dev/ungated";

/// Migrations that are remembered beyond the entries.
const MIGRATIONS: usize = 100;

/// Entries that are kept beside the one that runs.
const HISTORY: usize = 9;

/// One entry of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// Name of the object.
    pub name: String,
    /// Its `resourceVersion`, a precondition of changes; empty for one that isn't written yet.
    pub version: String,
    /// Its number: later ones have a higher.
    pub number: i64,
    /// Hash of its annotation [`UNGATED`].
    pub ungated: String,
    /// What it says.
    pub facts: Facts,
}

/// What an entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// How far it has come.
    pub state: State,
    /// What its spec asks for.
    pub hashes: Hashes,
    /// Hash of the release as it was resolved, which the object's data is.
    pub resolved: String,
    /// The migration that ran for it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// The value of the annotation [`RERUN`](crate::api::RERUN) when the entry was written: it had its run then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun: Option<String>,
    /// Whether its checks reached what their NetworkPolicy denies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_network: bool,
    /// Migrations that had succeeded before this entry, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrated: Vec<String>,
}

impl Facts {
    /// The text of the annotation.
    #[must_use]
    pub fn text(&self) -> String {
        // Maps with text as keys, and lists: nothing that JSON can't have.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// How far an entry has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Its migration may have begun.
    #[default]
    Pending,
    /// Its migration has succeeded.
    Migrated,
    /// Its migration has failed.
    Failed,
    /// Its migration began, and how it ended can't be known any more.
    Lost,
    /// It runs, or ran.
    Released,
}

/// The run of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Name of the Job.
    pub job: String,
    /// UID of the Job: another one of its name doesn't count.
    pub uid: String,
    /// Hash of what its pods run.
    pub pods: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// Why it failed or doesn't count, or what isn't known of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// All entries of an app, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    entries: Vec<Revision>,
    /// The number of the release that the last status reports; 0 if it reports none.
    reported: i64,
}

impl Record {
    /// A record of these entries.
    #[must_use]
    pub fn new(mut entries: Vec<Revision>) -> Self {
        entries.sort_by_key(|entry| entry.number);
        Self { entries, reported: 0 }
    }

    /// The same, while the last status reports a release of this number.
    #[must_use]
    pub fn reported(self, release: Option<i64>) -> Self {
        Self { reported: release.unwrap_or_default(), ..self }
    }

    /// The entries, the oldest first.
    #[cfg(test)]
    pub(super) fn entries(&self) -> &[Revision] {
        &self.entries
    }

    /// Whether nothing was ever released, or the record is lost.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the entry of the release that runs is missing: it was deleted, with others or alone.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.newest().map_or(0, |entry| entry.number) < self.reported
    }

    /// The release that runs, if that is known.
    #[must_use]
    pub fn current(&self) -> Option<&Revision> {
        self.released().next()
    }

    /// The release that ran before that one.
    #[must_use]
    pub fn previous(&self) -> Option<&Revision> {
        self.released().nth(1)
    }

    /// The releases that ran, the newest first; none where the newest of them is missing, whatever was recorded after it.
    fn released(&self) -> impl Iterator<Item = &Revision> {
        let released = || self.entries.iter().rev().filter(|entry| entry.facts.state == State::Released);
        let newest = released().next().map_or(0, |entry| entry.number);
        released().filter(move |_| newest >= self.reported)
    }

    /// The value of the annotation that asks for another run which had it last.
    #[must_use]
    pub fn rerun(&self) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| entry.facts.rerun.as_deref())
    }

    /// The newest entry, whatever has become of it.
    #[must_use]
    pub fn newest(&self) -> Option<&Revision> {
        self.entries.last()
    }

    /// The last run of the very migration that these hashes stand for.
    #[must_use]
    pub fn attempt(&self, hashes: &Hashes) -> Option<&Revision> {
        let is_run = |entry: &&Revision| entry.facts.run.is_some() && entry.facts.hashes.attempt == hashes.attempt;
        self.entries.iter().rev().find(is_run)
    }

    /// Whether the release that runs has passed these checks.
    #[must_use]
    pub fn is_checked(&self, hashes: &Hashes) -> bool {
        self.current().is_some_and(|current| current.facts.hashes.preflight == hashes.preflight)
    }

    /// Entries whose migration may run, each with its run.
    pub fn pending(&self) -> impl Iterator<Item = (&Revision, &Run)> {
        let pending = self.entries.iter().filter(|entry| entry.facts.state == State::Pending);
        pending.filter_map(|entry| Some((entry, entry.facts.run.as_ref()?)))
    }

    /// The migrations that have succeeded, the newest first.
    #[must_use]
    pub fn migrated(&self) -> Vec<String> {
        let done = |entry: &&Revision| matches!(entry.facts.state, State::Migrated | State::Released);
        let own = self.entries.iter().rev().filter(done).map(|entry| &entry.facts.hashes.migration);
        let before = self.entries.iter().rev().flat_map(|entry| &entry.facts.migrated);
        let mut migrated: Vec<String> = Vec::new();
        for hash in own.chain(before).filter(|hash| !hash.is_empty()) {
            if !migrated.contains(hash) {
                migrated.push(hash.clone());
            }
        }
        migrated.truncate(MIGRATIONS);
        migrated
    }

    /// Whether this value of the annotation that asks for another run has had it.
    #[must_use]
    pub fn has_rerun(&self, token: &str) -> bool {
        self.entries.iter().any(|entry| entry.facts.rerun.as_deref() == Some(token))
    }

    /// The entries that aren't needed any more.
    pub fn outdated(&self) -> impl Iterator<Item = &Revision> {
        let current = self.current().map(|entry| entry.number);
        let kept = self.entries.len().saturating_sub(HISTORY + 1);
        let old = self.entries.iter().take(kept);
        old.filter(move |entry| Some(entry.number) < current && entry.facts.state != State::Pending)
    }

    /// The entries whose releases something may depend on: those that run, and those whose migration may.
    pub fn needed(&self) -> impl Iterator<Item = &Revision> {
        self.current().into_iter().chain(self.previous()).chain(self.pending().map(|(entry, _)| entry))
    }

    /// Adds an entry that was written.
    pub fn put(&mut self, entry: Revision) {
        self.entries.retain(|known| known.number != entry.number);
        self.entries.push(entry);
        self.entries.sort_by_key(|entry| entry.number);
    }

    /// Ends the entries whose migration has ended, and returns them. A Job that a reader didn't find doesn't count as ended:
    /// `is_gone` says that it was looked for.
    pub fn settle(&mut self, jobs: &[Job], is_gone: impl Fn(&Run) -> bool) -> Vec<Revision> {
        let mut ended = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.facts.state == State::Pending) {
            let Some(run) = &mut entry.facts.run else { continue };
            let job = jobs.iter().find(|job| job.uid == run.uid);
            let state = match job {
                Some(job) => settled(run, job),
                None => is_gone(run).then(|| {
                    run.message = format!("Job {} is gone, and nothing says how it ended", run.job);
                    State::Lost
                }),
            };
            let Some(state) = state else { continue };
            entry.facts.state = state;
            ended.push(entry.clone());
        }
        ended
    }
}

/// What has become of a run, if it has ended.
fn settled(run: &mut Run, job: &Job) -> Option<State> {
    let (state, message) = match job.verdict(&run.pods) {
        Verdict::Unfinished => return None,
        Verdict::Succeeded => (State::Migrated, String::new()),
        Verdict::Unseen => (State::Migrated, "its pods were gone before the operator had seen them".to_owned()),
        // What the real pod has done isn't known, and once that other pod is deleted, nothing would say so any more.
        Verdict::Forged(pod) => {
            (State::Lost, format!("pod {pod} of Job {} isn't what was declared, so it doesn't count", run.job))
        }
        Verdict::Failed(message) => (State::Failed, message),
    };
    run.started = job.started;
    run.finished = job.ended.as_ref().and_then(|ended| ended.at);
    run.message = message;
    Some(state)
}
