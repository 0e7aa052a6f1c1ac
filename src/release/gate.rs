//! What the newest release waits for, if it does, and the names that follow from a release.

use super::{
    job::Job,
    record::{Revision, Run},
};
use crate::app::{Hashes, short_hash};

/// Whether the newest release runs, or what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It runs.
    Open,
    /// Nothing is left to wait for: once this entry is written, it runs.
    Commit(Revision),
    /// The checks before it haven't passed.
    Preflight,
    /// The migration of another release may still run: its Job or a pod.
    Await(String),
    /// The Job of its migration is to be created. It starts no pods yet.
    Prepare {
        /// The value of the annotation, where that asks for the run.
        rerun: Option<String>,
    },
    /// That Job is there: once this entry is written, it may start.
    Enter(Revision),
    /// That Job may start.
    Start(Job),
    /// Its migration runs.
    Running(Job),
    /// Its migration has failed.
    Failed(Run),
    /// Its migration began, and how it ended can't be known.
    Lost(Run),
    /// A Job that no entry knows has the name of its migration's: which.
    Forged(String),
    /// A release ran, and nothing says whether this one's migration has.
    RecordLost,
    /// The entry couldn't be written: why.
    Unrecorded(String),
}

impl Gate {
    /// Whether the newest release may run.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Commit(_))
    }

    /// Whether the checks before the release are wanted, and their Job with them, where it is there already: until it is recorded that they
    /// have passed.
    #[must_use]
    pub const fn wants_preflight(&self, is_there: bool) -> bool {
        match self {
            Self::Preflight | Self::Prepare { .. } | Self::Enter(_) => true,
            Self::Commit(_) | Self::Unrecorded(_) => is_there,
            _ => false,
        }
    }
}

/// Name of an entry.
#[must_use]
pub(super) fn entry_name(app: &str, revision: i64) -> String {
    format!("{app}-r{revision}")
}

/// Name of the Job that runs a migration.
#[must_use]
pub fn migration_job(app: &str, hashes: &Hashes, rerun: Option<&str>) -> String {
    let run = rerun.map(|token| short_hash(&format!("{} {token}", hashes.attempt)));
    format!("{app}-migrate-{}", run.as_ref().unwrap_or(&hashes.attempt))
}

/// Whether a Job of an app is one of its migrations, by its name.
#[must_use]
pub fn is_migration(app: &str, job: &str) -> bool {
    job.strip_prefix(app).is_some_and(|rest| rest.starts_with("-migrate-"))
}

/// Name of the Job that checks before a release.
#[must_use]
pub fn preflight_job(app: &str, hashes: &Hashes) -> String {
    format!("{app}-preflight-{}", hashes.preflight)
}
