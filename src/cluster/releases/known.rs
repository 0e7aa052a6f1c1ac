//! What is read of the record: mostly what the watches have brought.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::super::{context::Context, write::Failure};
use crate::{
    api::HardenedAppStatus,
    app::AppId,
    release::{Job, Record, Recorded, Revision, Run, Target},
};

/// What is known of an app's releases before a decision.
#[derive(Debug)]
pub struct Known {
    /// The entries, with every run ended that has ended.
    pub record: Record,
    /// Those of them whose run has ended since they were written.
    pub ended: Vec<Revision>,
    /// The Jobs of tasks.
    pub jobs: Vec<Job>,
    /// A pod of a migration that runs without its Job.
    pub loose: Option<String>,
}

impl Context {
    /// The record of an app, and the Jobs that it is about.
    ///
    /// # Errors
    /// If a Job that the watch doesn't show couldn't be looked for.
    pub async fn record_of(&self, id: &AppId, status: &HardenedAppStatus) -> Result<Known, Failure> {
        let mut record = self.cache.record(id).reported(status.release.as_ref().map(|release| release.revision));
        let mut jobs = self.cache.jobs(id);
        let is_seen = |run: &Run| jobs.iter().any(|job| job.uid == run.uid);
        let unseen: Vec<Run> = record.pending().map(|(_, run)| run.clone()).filter(|run| !is_seen(run)).collect();
        let mut gone: BTreeSet<String> = BTreeSet::new();
        for run in unseen {
            // It may only have lost the label that the watch selects by.
            match self.writer.job(id, &run.job).await? {
                Some(job) if job.uid == run.uid => jobs.push(job),
                _ => drop(gone.insert(run.uid)),
            }
        }
        let ended = record.settle(&jobs, |run| gone.contains(&run.uid));
        let loose = self.cache.loose_pod(id, &jobs);
        Ok(Known { record, ended, jobs, loose })
    }

    /// What an entry keeps; `None` if that isn't what this version of the operator reads. A process reads it at most once.
    ///
    /// # Errors
    /// If the API server refuses or doesn't answer.
    pub(super) async fn recorded(&self, id: &AppId, entry: &Revision) -> Result<Option<Recorded>, Failure> {
        if let Some(known) = self.memory.of(&id.uid, |memory| memory.releases.get(&entry.name).cloned()) {
            return Ok(Some(known));
        }
        let recorded = self.writer.recorded(id, &entry.name).await?;
        if let Some(recorded) = &recorded {
            self.remember(id, entry, recorded.clone());
        }
        Ok(recorded)
    }

    pub(super) fn remember(&self, id: &AppId, entry: &Revision, recorded: Recorded) {
        self.memory.of(&id.uid, |memory| memory.releases.insert(entry.name.clone(), recorded));
    }

    /// Forgets what entries keep that nothing depends on any more, and deletes those beyond the history.
    pub async fn forget_releases(&self, target: &Target, record: &Record) {
        let id = &target.id;
        let needed: BTreeSet<&str> = record.needed().map(|entry| entry.name.as_str()).collect();
        self.memory.of(&id.uid, |memory| memory.releases.retain(|name, _| needed.contains(name.as_str())));
        if target.ungated.enforcement.paused {
            return;
        }
        let outdated = record.outdated().map(|entry| self.writer.delete_revision(id, entry));
        // What isn't deleted now is found again by the next reconciliation.
        join_all(outdated).await;
    }
}
