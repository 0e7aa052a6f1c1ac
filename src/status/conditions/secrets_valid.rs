//! `SecretsValid`: what a release needs is there and well-formed, as its checks say.

use super::decision::{Decision, Facts};
use crate::{
    api::{Reason, quoted},
    app::PREFLIGHT,
    desired::pods_of_task,
    plan::{Applied, Outcome},
    preflight::Report,
    release::{Gate, Job, TaskPod, Verdict, preflight_job},
};

/// Only present for an app that lists Secrets, and while the checks hold back a release.
pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    let Outcome::Applied(applied) = facts.outcome else { return None };
    if let Some(waits) = checks(applied) {
        return Some(waits);
    }
    let release = applied.target.comes.as_ref().or(applied.target.runs.as_ref())?;
    let message = "the Secrets were there and well-formed when the release was checked";
    (!release.secrets.is_empty()).then(|| Decision::new(true, Reason::Valid, message))
}

/// Why the newest release doesn't run yet, if it is for its checks.
pub(super) fn why_not(applied: &Applied) -> Option<Decision> {
    let Decision { reason, message, .. } = checks(applied)?;
    let reason = if reason == Reason::Checking { Reason::PreflightRunning } else { Reason::PreflightFailed };
    Some(Decision::new(false, reason, format!("the new release waits for its checks: {message}")))
}

/// What the checks say, while they hold back a release.
fn checks(applied: &Applied) -> Option<Decision> {
    if applied.target.gate != Gate::Preflight {
        return None;
    }
    let name = preflight_job(&applied.target.id.name, &applied.target.comes.as_ref()?.hashes);
    let job = applied.releases.jobs.iter().find(|job| job.name == name);
    let declared = applied.target.task(PREFLIGHT).map(|task| pods_of_task(&applied.target.id, task));
    Some(match job.and_then(|job| problem(job, &declared.unwrap_or_default())) {
        Some((reason, problem)) => Decision::new(false, reason, problem),
        None => Decision { holds: None, reason: Reason::Checking, message: format!("Job {name} runs") },
    })
}

/// What is wrong, in the words of the kubelet or of the checks.
fn problem(job: &Job, declared: &str) -> Option<(Reason, String)> {
    match job.verdict(declared) {
        Verdict::Forged(pod) => {
            let words =
                format!("pod {pod} doesn't run what was declared, so it doesn't count: a webhook may have changed it");
            return Some((Reason::CheckFailed, words));
        }
        Verdict::Failed(why) => return Some((Reason::CheckFailed, why)),
        Verdict::Unfinished | Verdict::Succeeded | Verdict::Unseen => {}
    }
    // An evicted pod says nothing about the one that has taken its place.
    let (ended, alive): (Vec<&TaskPod>, Vec<&TaskPod>) = job.pods.iter().partition(|pod| pod.finished);
    alive.into_iter().chain(ended).find_map(|pod| {
        if let Some(missing) = pod.problem.split_once("(CreateContainerConfigError): ") {
            return Some((Reason::SecretMissing, format!("{}: create it, or correct spec.secrets", missing.1)));
        }
        let ended = pod.ended.as_ref().filter(|_| !pod.succeeded);
        let report = ended.and_then(|ended| Report::read(&ended.message));
        match report.filter(Report::has_faults) {
            Some(report) if report.keys.is_empty() => Some((Reason::DatabaseUnreachable, quoted(&report.in_words()))),
            Some(report) => Some((Reason::SecretInvalid, quoted(&report.in_words()))),
            None => (!pod.problem.is_empty()).then(|| (Reason::CheckFailed, pod.problem.clone())),
        }
    })
}
