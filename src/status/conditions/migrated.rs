//! `Migrated`: the migration of the newest release has succeeded.

use super::decision::{Decision, Facts};
use crate::{
    api::{HardenedAppStatus, MigrationState, MigrationStatus, RERUN, Reason},
    plan::{Applied, Outcome},
    release::Gate,
    status::releases,
};

/// Only present for an app with a migration.
pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    let migration = facts.status.migration.as_ref()?;
    match facts.outcome {
        Outcome::Applied(_) => Some(of(migration)),
        Outcome::Refused(_) | Outcome::Unfinished(..) => None,
    }
}

fn of(migration: &MigrationStatus) -> Decision {
    let message = &migration.message;
    match migration.state {
        MigrationState::Succeeded => Decision::new(true, Reason::Succeeded, "the migration has run"),
        MigrationState::Running => {
            let since = migration.started_at.as_ref().map(|at| format!(" since {}", at.0)).unwrap_or_default();
            let problem = if message.is_empty() { String::new() } else { format!(": {message}") };
            Decision::new(false, Reason::Running, format!("Job {} runs{since}{problem}", migration.job))
        }
        MigrationState::Waiting => Decision::new(false, Reason::Waiting, message.clone()),
        MigrationState::Failed => {
            let remedy =
                format!("correct spec.migration, or set the annotation {RERUN} to a new value to run it again");
            Decision::new(false, Reason::Failed, format!("Job {} failed: {message}; {remedy}", migration.job))
        }
        MigrationState::Unknown => {
            let remedy =
                format!("find out whether it has run, then set the annotation {RERUN} to a new value to run it");
            Decision { holds: None, reason: Reason::Unknown, message: format!("{message}; {remedy}") }
        }
    }
}

/// Why the newest release doesn't run yet, if it is for its migration.
pub(super) fn why_not(applied: &Applied, status: &HardenedAppStatus) -> Option<Decision> {
    if let Gate::Unrecorded(why) = &applied.target.gate {
        return Some(Decision::new(false, Reason::ApplyFailed, format!("the release can't be recorded: {why}")));
    }
    if applied.target.gate.is_open() {
        return None;
    }
    // Also where the newest spec has no migration of its own.
    if let Gate::Await(other) = &applied.target.gate {
        let message = format!("the new release waits: {}", releases::awaits(other));
        return Some(Decision::new(false, Reason::MigrationRunning, message));
    }
    let migration = status.migration.as_ref()?;
    let reason = match migration.state {
        MigrationState::Succeeded => return None,
        MigrationState::Waiting | MigrationState::Running => Reason::MigrationRunning,
        MigrationState::Failed => Reason::MigrationFailed,
        MigrationState::Unknown => Reason::MigrationUnknown,
    };
    let Decision { message, .. } = of(migration);
    Some(Decision::new(false, reason, format!("the new release waits for its migration: {message}")))
}
