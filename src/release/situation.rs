//! Whether the newest release may replace the one that runs: a decision over the record and the Jobs, without a memory of its own, so
//! that it comes out the same after a restart at any moment.

use super::{
    gate::{Gate, entry_name, migration_job, preflight_job},
    job::{Job, Verdict},
    record::{Facts, Record, Revision, Run, State},
};
use crate::{app::Hashes, preflight::Report};

/// What a decision is based on.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// What the newest accepted spec asks for.
    pub hashes: &'a Hashes,
    /// Hash of it as it is resolved now.
    pub resolved: &'a str,
    /// Hash of what the pods of its migration run.
    pub migration_pods: &'a str,
    /// Hash of what the pods of the checks before it run; empty where nothing is to be checked.
    pub preflight_pods: &'a str,
    /// Name of the app.
    pub app: &'a str,
    /// The record, with every run ended that has ended.
    pub record: &'a Record,
    /// The Jobs of the app's tasks.
    pub jobs: &'a [Job],
    /// A pod of a migration that runs without its Job.
    pub loose: Option<&'a str>,
    /// The annotation that asks for another run of the migration.
    pub rerun: Option<&'a str>,
    /// What the last status reports.
    pub reported: Reported<'a>,
}

/// What the last status reports of releases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reported<'a> {
    /// The release that runs: its number, and the hash of what its spec asked for.
    pub release: Option<(i64, &'a str)>,
    /// The migration that succeeded last.
    pub migrated: Option<&'a str>,
    /// The value of the annotation that asks for another run which had it last.
    pub rerun: Option<&'a str>,
    /// Whether this very spec was applied, by an operator that kept no record.
    pub applied: bool,
    /// Whether Deployments of the app exist.
    pub exists: bool,
}

impl Situation<'_> {
    /// The annotation's value, where it hasn't had its run.
    #[must_use]
    pub fn rerun(&self) -> Option<&str> {
        let has_run = |token: &str| self.record.has_rerun(token) || self.reported.rerun == Some(token);
        self.rerun.filter(|token| !token.is_empty() && !has_run(token) && self.has_migration())
    }

    const fn has_migration(&self) -> bool {
        !self.hashes.migration.is_empty()
    }

    /// Whether the newest release may replace the one that runs.
    #[must_use]
    pub fn decide(&self) -> Gate {
        if let Some(gate) = self.without_record() {
            return gate;
        }
        let current = self.record.current();
        let attempt = self.record.attempt(self.hashes).filter(|_| self.has_migration());
        let is_later = |entry: &&Revision| current.is_none_or(|current| entry.number > current.number);
        let unfinished = attempt.filter(is_later).filter(|entry| entry.facts.state != State::Migrated);
        let runs = current.is_some_and(|current| current.facts.hashes.release == self.hashes.release);
        if runs && self.rerun().is_none() && unfinished.is_none() {
            return Gate::Open;
        }
        if attempt.is_none_or(|entry| self.rerun().is_some() || !self.is_run_of(entry)) && !self.is_checked() {
            return Gate::Preflight;
        }
        if let Some(other) = self.other(attempt.filter(|_| self.rerun().is_none())) {
            return Gate::Await(other);
        }
        let is_migrated = self.migrated().contains(&self.hashes.migration);
        if !self.has_migration() || (is_migrated && self.rerun().is_none() && unfinished.is_none()) {
            return Gate::Commit(self.released());
        }
        self.migration(attempt.filter(|_| self.rerun().is_none()))
    }

    /// Where the entry of the release that runs doesn't exist, there was no release, or one of an operator that kept no record, or the
    /// record was deleted, as a whole or in part.
    fn without_record(&self) -> Option<Gate> {
        if !self.record.is_empty() && !self.record.is_incomplete() {
            return None;
        }
        let Reported { release, applied, exists, rerun, .. } = self.reported;
        let is_this = release.map_or(applied && exists, |(_, hash)| hash == self.hashes.release);
        if is_this {
            let entry = self.entry(State::Released, None);
            // What has asked for another run since then has it yet to come.
            let facts = Facts { rerun: rerun.map(str::to_owned), ..entry.facts };
            return Some(Gate::Commit(Revision { facts, ..entry }));
        }
        let knows = self.migrated().contains(&self.hashes.migration);
        ((release.is_some() || exists) && self.has_migration() && !knows && self.rerun().is_none())
            .then_some(Gate::RecordLost)
    }

    /// The migrations that have succeeded, the newest first: the status still says so of the last one where the record doesn't.
    fn migrated(&self) -> Vec<String> {
        let mut migrated = self.record.migrated();
        if let Some(hash) = self.reported.migrated.filter(|hash| !migrated.iter().any(|known| known == hash)) {
            migrated.insert(0, hash.to_owned());
        }
        migrated
    }

    /// Whether an entry is of this release, which was checked before the entry was written.
    fn is_run_of(&self, entry: &Revision) -> bool {
        entry.facts.hashes.preflight == self.hashes.preflight
    }

    /// Whether nothing is to be checked, or the checks have passed.
    fn is_checked(&self) -> bool {
        self.preflight_pods.is_empty() || self.record.is_checked(self.hashes) || self.has_passed()
    }

    fn has_passed(&self) -> bool {
        let name = preflight_job(self.app, self.hashes);
        let verdict = self.jobs.iter().find(|job| job.name == name).map(|job| job.verdict(self.preflight_pods));
        matches!(verdict, Some(Verdict::Succeeded | Verdict::Unseen))
    }

    /// What of another migration may still run. Nothing is released before it has ended.
    fn other(&self, attempt: Option<&Revision>) -> Option<String> {
        let own = attempt.and_then(|entry| entry.facts.run.as_ref());
        let others = self.record.pending().map(|(_, run)| run).filter(|run| Some(*run) != own);
        let mut active = others.filter_map(|run| self.jobs.iter().find(|job| job.uid == run.uid && job.is_active()));
        let loose = || self.loose.map(|pod| format!("pod {pod}"));
        active.next().map(|job| format!("Job {}", job.name)).or_else(loose)
    }

    fn migration(&self, attempt: Option<&Revision>) -> Gate {
        let Some((state, run)) = attempt.and_then(|entry| Some((entry.facts.state, entry.facts.run.as_ref()?))) else {
            return self.prepare();
        };
        match state {
            State::Failed => Gate::Failed(run.clone()),
            State::Lost => Gate::Lost(run.clone()),
            State::Migrated | State::Released => self.prepare(),
            State::Pending => match self.jobs.iter().find(|job| job.uid == run.uid) {
                Some(job) if job.suspended => Gate::Start(job.clone()),
                job => Gate::Running(job.cloned().unwrap_or_else(|| Job { name: run.job.clone(), ..Job::default() })),
            },
        }
    }

    /// No entry knows of this run.
    fn prepare(&self) -> Gate {
        let name = migration_job(self.app, self.hashes, self.rerun());
        match self.jobs.iter().find(|job| job.name == name) {
            None => Gate::Prepare { rerun: self.rerun().map(str::to_owned) },
            Some(job) if job.is_active() || job.ended.is_some() => Gate::Forged(format!("Job {name}")),
            Some(job) => {
                let run =
                    Run { job: name, uid: job.uid.clone(), pods: self.migration_pods.to_owned(), ..Run::default() };
                Gate::Enter(self.entry(State::Pending, Some(run)))
            }
        }
    }

    /// The entry that says that the newest release runs: the one of its migration where that is the last, or another.
    fn released(&self) -> Revision {
        let newest = self.record.newest();
        let own = newest
            .filter(|entry| entry.facts.state == State::Migrated && entry.facts.hashes.release == self.hashes.release);
        match own {
            Some(entry) => Revision { facts: Facts { state: State::Released, ..entry.facts.clone() }, ..entry.clone() },
            None => self.entry(State::Released, None),
        }
    }

    /// What the checks of this release say, or those of the release before it, where that had the same.
    fn network_is_open(&self) -> bool {
        let name = preflight_job(self.app, self.hashes);
        let pods = self.jobs.iter().filter(|job| job.name == name).flat_map(|job| &job.pods);
        let mut reports = pods.filter_map(|pod| Report::read(&pod.ended.as_ref()?.message));
        let current = self.record.current().filter(|current| current.facts.hashes.preflight == self.hashes.preflight);
        reports.next().map_or_else(|| current.is_some_and(|it| it.facts.open_network), |report| report.open_network)
    }

    fn entry(&self, state: State, run: Option<Run>) -> Revision {
        let reported = self.reported.release.map(|(number, _)| number).filter(|_| self.record.is_incomplete());
        let last = self.record.newest().map_or(0, |entry| entry.number);
        let revision = reported.unwrap_or(last.saturating_add(1));
        Revision {
            name: entry_name(self.app, revision),
            version: String::new(),
            number: revision,
            ungated: String::new(),
            facts: Facts {
                state,
                hashes: self.hashes.clone(),
                resolved: self.resolved.to_owned(),
                run,
                rerun: self.rerun.map(str::to_owned),
                open_network: self.network_is_open(),
                migrated: self.migrated(),
            },
        }
    }
}
