//! The release that runs, and the migration of the newest.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

use crate::{
    api::{Check, FindingItem, HardenedAppStatus, MigrationState, MigrationStatus, ReleaseStatus},
    app::Hashes,
    plan::Applied,
    release::{Gate, Revision, Run, State},
};

pub(super) fn release(previous: &HardenedAppStatus, applied: &Applied, now: Timestamp) -> Option<ReleaseStatus> {
    let current = applied.releases.record.current()?;
    let since = previous.release.as_ref().filter(|known| known.revision == current.number);
    let since = since.and_then(|known| known.since.clone()).or(Some(Time(now)));
    Some(ReleaseStatus { revision: current.number, spec: current.facts.hashes.release.clone(), since })
}

/// What the newest accepted spec asks for.
fn hashes(applied: &Applied) -> Option<&Hashes> {
    let target = &applied.target;
    target.comes.as_ref().or(target.runs.as_ref()).map(|release| &release.hashes)
}

pub(super) fn migration(previous: &HardenedAppStatus, applied: &Applied) -> Option<MigrationStatus> {
    let hashes = hashes(applied).filter(|hashes| !hashes.migration.is_empty())?;
    let status = |state, run: &Run, message: &str| MigrationStatus {
        revision: hashes.migration.clone(),
        job: run.job.clone(),
        state,
        started_at: run.started.map(Time),
        finished_at: run.finished.map(Time),
        message: message.to_owned(),
    };
    let none = Run::default();
    Some(match &applied.target.gate {
        Gate::Open | Gate::Commit(_) => {
            let known = || previous.migration.clone().filter(|known| known.revision == hashes.migration);
            let ran = ran(applied, hashes).and_then(|entry| entry.facts.run.as_ref());
            let ran = ran.map(|run| status(MigrationState::Succeeded, run, &run.message));
            ran.or_else(known).unwrap_or_else(|| status(MigrationState::Succeeded, &none, ""))
        }
        Gate::Unrecorded(_) => return previous.migration.clone(),
        Gate::Preflight => status(MigrationState::Waiting, &none, "the checks before it haven't passed"),
        Gate::Await(job) => {
            let message = format!("the migration of another release still runs: {job}");
            status(MigrationState::Waiting, &none, &message)
        }
        Gate::Prepare { .. } | Gate::Enter(_) | Gate::Start(_) => {
            status(MigrationState::Waiting, &none, "its Job is prepared")
        }
        Gate::Running(job) => {
            let run = Run { job: job.name.clone(), started: job.started, ..Run::default() };
            let problem = job.pods.iter().find(|pod| !pod.finished && !pod.problem.is_empty());
            status(MigrationState::Running, &run, problem.map(|pod| pod.problem.as_str()).unwrap_or_default())
        }
        Gate::Failed(run) => status(MigrationState::Failed, run, &run.message),
        Gate::Lost(run) => {
            let message = format!("Job {} is gone, and nothing says how it ended", run.job);
            status(MigrationState::Unknown, run, &message)
        }
        Gate::Forged(what) => {
            let message = format!("{what} isn't what was declared, so it doesn't count");
            status(MigrationState::Unknown, &none, &message)
        }
        Gate::RecordLost => {
            let message = "the record of releases was deleted: nothing says whether it has run";
            status(MigrationState::Unknown, &none, message)
        }
    })
}

/// The entry of the run of this migration that succeeded.
fn ran<'a>(applied: &'a Applied, hashes: &Hashes) -> Option<&'a Revision> {
    let ran = applied.releases.record.attempt(hashes)?;
    matches!(ran.facts.state, State::Migrated | State::Released).then_some(ran)
}

/// What is to be known of a release though it runs.
pub(super) fn findings(applied: &Applied) -> Vec<FindingItem> {
    let current = applied.releases.record.current();
    let open = current.filter(|current| current.facts.open_network).map(|_| {
        let words = "the checks before the release reached the API server, which their NetworkPolicy denies: the cluster doesn't enforce NetworkPolicies";
        FindingItem::about("", Check::NetworkPolicyNotEnforced, words)
    });
    let run = hashes(applied).and_then(|hashes| ran(applied, hashes)).and_then(|entry| entry.facts.run.as_ref());
    let unseen = run.filter(|run| !run.message.is_empty()).map(|run| {
        let words = format!("Job {} says that it succeeded, and {}", run.job, run.message);
        FindingItem::about("", Check::MigrationUnseen, &words)
    });
    open.into_iter().chain(unseen).collect()
}
