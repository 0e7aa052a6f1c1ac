//! Job: pods that run to completion before a release. It is created once; what it was created with can't be changed.

use serde_json::{Value, json};

use super::pod_template::rules_of_pod_template;
use crate::{
    app::{AppId, MIGRATE, Part, Task, pod_labels},
    desired::{
        draft::Draft,
        json::insert,
        kind::{Care, Kind, Presence, Sight, Stage},
        pod::{Lifetime, pod_spec},
        progress::Progress,
    },
    release::{Ended, Gate, Job, Target, migration_job, pods_hash, preflight_job},
};

pub(super) const KIND: Kind = Kind {
    name: "Job",
    group: "batch",
    version: "v1",
    plural: "jobs",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Workload,
    care: Care::Apply,
    build,
    progress: Some(progress),
    rules: rules_of_pod_template! {
        dangerous: [
            // Pods that its owner didn't create would count.
            "spec manualSelector",
            // Another controller would run it.
            "spec managedBy",
            // It would succeed before its pods have.
            "spec successPolicy",
            // More than one pod.
            "spec maxFailedIndexes",
            "spec backoffLimitPerIndex",
            // What counts as a failure of it.
            "spec podFailurePolicy",
            // For the Job as a whole, where the task has no time limit.
            "spec activeDeadlineSeconds",
            // Gang scheduling: the pods would wait for others.
            "spec scheduling",
        ],
        tolerated: [
            // Of a migration this is decided step by step, and applied as it is.
            "spec suspend",
            // The API server makes the selector, and adds its labels to the template.
            "spec selector",
            "spec template metadata labels controller-uid",
            "spec template metadata labels job-name",
            "spec template metadata labels batch.kubernetes.io/*",
        ],
        harmless: [],
        immutable: &[
            ("spec template", None),
            ("spec completions", None),
            ("spec completionMode", None),
            ("spec podReplacementPolicy", None),
            ("spec podFailurePolicy", None),
        ],
        volatile: &[],
    },
};

/// A week: long enough to read the log of a pod that failed before a weekend.
const KEPT_SECONDS: i32 = 7 * 24 * 60 * 60;

/// The kubelet starts the container of a check again until it passes, at growing intervals of at most five minutes. The Job itself
/// mustn't fail before.
const CHECK_RETRIES: i32 = i32::MAX;

fn build(target: &Target) -> Vec<Draft> {
    let Some(hashes) = target.comes.as_ref().or(target.runs.as_ref()).map(|release| &release.hashes) else {
        return Vec::new();
    };
    let migration = match &target.gate {
        Gate::Prepare { rerun } => Some(migration_job(&target.id.name, hashes, rerun.as_deref())),
        Gate::Enter(entry) => entry.facts.run.as_ref().map(|run| run.job.clone()),
        _ => None,
    };
    let migration = migration.and_then(|name| Some((name, target.task(MIGRATE)?, Lifetime::Once)));
    let preflight = target.preflight.as_ref().and_then(|part| match part {
        Part::Task(task) => Some((preflight_job(&target.id.name, hashes), &**task, Lifetime::UntilItPasses)),
        Part::Component(_) | Part::Database(_) => None,
    });
    let jobs = migration.into_iter().chain(preflight);
    jobs.map(|(name, task, lifetime)| Draft {
        // A migration starts once it is recorded that it may have.
        suspended: lifetime == Lifetime::Once,
        ..Draft::new(Some(task.workload.name.clone()), name, job(target, task, lifetime))
    })
    .collect()
}

/// Hash of what the pods of a task run.
#[must_use]
pub fn pods_of_task(id: &AppId, task: &Task) -> String {
    pods_hash(&pod_spec(id, &task.workload, Lifetime::Once))
}

fn job(target: &Target, task: &Task, lifetime: Lifetime) -> Value {
    let (id, workload) = (&target.id, &task.workload);
    let mut spec = json!({
        "parallelism": 1,
        "completions": 1,
        "completionMode": "NonIndexed",
        "manualSelector": false,
        "backoffLimit": if lifetime == Lifetime::Once { task.retries } else { CHECK_RETRIES },
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        // Two pods of one migration must never run at the same time: another is created once the one before it has ended.
        "podReplacementPolicy": "Failed",
        "template": {
            "metadata": { "labels": pod_labels(id, &workload.name) },
            "spec": pod_spec(id, workload, lifetime),
        },
    });
    if lifetime == Lifetime::UntilItPasses {
        insert(&mut spec, "suspend", json!(false));
    }
    if lifetime == Lifetime::Once {
        // A pod that a node drain ended is no try of the migration.
        let disrupted = json!({ "type": "DisruptionTarget", "status": "True" });
        let rule = json!({ "action": "Ignore", "onPodConditions": [disrupted] });
        insert(&mut spec, "podFailurePolicy", json!({ "rules": [rule] }));
    }
    if let Some(seconds) = task.timeout {
        insert(&mut spec, "activeDeadlineSeconds", json!(seconds));
    }
    json!({ "spec": spec })
}

/// Reads what the Job controller reports.
fn progress(job: &Value) -> Progress {
    let text = |pointer: &str| job.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |pointer: &str| job.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let time = |pointer: &str| job.pointer(pointer).and_then(Value::as_str).and_then(|time| time.parse().ok());
    let conditions = job.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let ended = conditions.filter(|it| it.get("status") == Some(&json!("True"))).find_map(|condition| {
        let text = |field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default();
        let succeeded = match text("type") {
            "Complete" => true,
            "Failed" => false,
            _ => return None,
        };
        let at = text("lastTransitionTime").parse().ok();
        Some(Ended { succeeded, at, reason: text("reason").to_owned() })
    });
    Progress::Job(Box::new(Job {
        name: text("/metadata/name"),
        uid: text("/metadata/uid"),
        version: String::new(),
        suspended: job.pointer("/spec/suspend") == Some(&Value::Bool(true)),
        started: time("/status/startTime"),
        active: number("/status/active").saturating_add(number("/status/terminating")),
        ended,
        pods: Vec::new(),
    }))
}
