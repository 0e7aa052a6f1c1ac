//! The release that runs, and the migration of the newest.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};

use crate::{
    api::{Check, FindingItem, HardenedAppStatus, MigrationState, MigrationStatus, ReleaseStatus},
    app::Hashes,
    plan::Applied,
    release::{Gate, Revision, Run, State},
};

pub(super) fn release(previous: &HardenedAppStatus, applied: &Applied, now: Timestamp) -> Option<ReleaseStatus> {
    // Where the record is lost, what was reported last is all that says which release runs.
    let Some(current) = applied.releases.record.current() else { return previous.release.clone() };
    let since = previous.release.as_ref().filter(|known| known.revision == current.number);
    let since = since.and_then(|known| known.since.clone()).or(Some(Time(now)));
    Some(ReleaseStatus { revision: current.number, spec_hash: current.facts.hashes.release.clone(), since })
}

/// What the newest accepted spec asks for.
fn hashes(applied: &Applied) -> Option<&Hashes> {
    let target = &applied.target;
    target.comes.as_ref().or(target.runs.as_ref()).map(|release| &release.hashes)
}

pub(super) fn migration(previous: &HardenedAppStatus, applied: &Applied) -> Option<MigrationStatus> {
    let hashes = hashes(applied).filter(|hashes| !hashes.migration.is_empty())?;
    let status = |state, run: &Run, message: &str| MigrationStatus {
        hash: hashes.migration.clone(),
        job: run.job.clone(),
        state,
        rerun: rerun(previous, applied),
        started_at: run.started.map(Time),
        finished_at: run.finished.map(Time),
        message: message.to_owned(),
    };
    let none = Run::default();
    let known = previous.migration.as_ref().filter(|known| known.hash == hashes.migration);
    let succeeded = known.filter(|known| known.state == MigrationState::Succeeded);
    let has_run = succeeded.is_some() || applied.releases.record.migrated().contains(&hashes.migration);
    Some(match &applied.target.gate {
        Gate::Open | Gate::Commit(_) => has_succeeded(applied, hashes, known, &status),
        // What comes before a run that has been doesn't take it back.
        Gate::Preflight | Gate::Await(_) if has_run => has_succeeded(applied, hashes, succeeded, &status),
        Gate::Unrecorded(_) => return previous.migration.clone(),
        Gate::Preflight => status(MigrationState::Waiting, &none, "the checks before it haven't passed"),
        Gate::Await(job) => status(MigrationState::Waiting, &none, &awaits(job)),
        Gate::Prepare { .. } | Gate::Enter(_) | Gate::Start(_) => {
            status(MigrationState::Waiting, &none, "its Job is prepared")
        }
        Gate::Running(job) => {
            let run = Run { job: job.name.clone(), started: job.started, ..Run::default() };
            let problem = job.pods.iter().find(|pod| !pod.finished && !pod.problem.is_empty());
            status(MigrationState::Running, &run, problem.map(|pod| pod.problem.as_str()).unwrap_or_default())
        }
        Gate::Failed(run) => status(MigrationState::Failed, run, &run.message),
        Gate::Lost(run) => status(MigrationState::Unknown, run, &run.message),
        Gate::Forged(job) => {
            let message =
                format!("{job} was started by another client, or before its run was recorded, so it doesn't count");
            status(MigrationState::Unknown, &none, &message)
        }
        Gate::RecordLost => {
            let message = "the record of releases was deleted: nothing says whether it has run";
            status(MigrationState::Unknown, &none, message)
        }
    })
}

/// What the newest release waits for where another migration may run.
pub(super) fn awaits(other: &str) -> String {
    format!("the migration of another release still runs: {other}")
}

/// The state of a migration that has run: as its entry says, or else as the last status does.
fn has_succeeded(
    applied: &Applied,
    hashes: &Hashes,
    known: Option<&MigrationStatus>,
    status: &impl Fn(MigrationState, &Run, &str) -> MigrationStatus,
) -> MigrationStatus {
    let run = ran(applied, hashes).and_then(|entry| entry.facts.run.as_ref());
    match (run, known) {
        (Some(run), _) => status(MigrationState::Succeeded, run, &run.message),
        (None, Some(known)) => known.clone(),
        (None, None) => status(MigrationState::Succeeded, &Run::default(), ""),
    }
}

/// The value of the annotation that asks for another run which had it last.
fn rerun(previous: &HardenedAppStatus, applied: &Applied) -> String {
    let reported = || Some(previous.migration.as_ref()?.rerun.as_str());
    applied.releases.record.rerun().or_else(reported).unwrap_or_default().to_owned()
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
