//! What a pod reports: whether it is ready, and if not, why.

use serde_json::Value;

use crate::{
    api::{WORKLOAD, quoted},
    app::{MIGRATE, PREFLIGHT},
    release::{Exit, TaskPod, pods_hash},
};

/// Longest termination message that is read; the kubelet keeps no more.
const LONGEST_MESSAGE: usize = 4096;

/// The labels by which the workload controllers tell the versions of a template apart.
const TEMPLATES: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];

/// What the status needs to know of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodState {
    /// Name of its part's children: `<app>-<part>`.
    pub child: String,
    /// Name of its app.
    pub app: String,
    /// Why it isn't ready; empty if no problem is known.
    pub problem: String,
    /// What is known besides of a pod that runs to completion.
    pub task: Option<Box<TaskPod>>,
    /// The version of its template: the hash that its controller gives it.
    pub template: String,
    /// All of its containers have ended for good: it connects to nothing any more.
    pub ended: bool,
}

impl PodState {
    /// Reads a pod.
    #[must_use]
    pub fn read(pod: &Value) -> Self {
        // NetworkPolicies select by this label, so it decides to which child the pod belongs, whatever its other labels
        // claim.
        let label = |key: &str| pod.pointer("/metadata/labels")?.get(key)?.as_str();
        let deleting = pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
        let problem = if deleting { None } else { problem(pod) };
        let template = TEMPLATES.iter().find_map(|key| label(key)).unwrap_or_default().to_owned();
        let ended = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        let problem = problem.unwrap_or_default();
        let workload = label(WORKLOAD).unwrap_or_default();
        let task = task(pod, workload.split_once('.').unwrap_or_default().1, &problem);
        Self { problem, task, template, ended, ..Self::of_workload(workload) }
    }

    /// A pod of which only the label is known.
    #[must_use]
    pub fn of_workload(workload: &str) -> Self {
        let (app, component) = workload.split_once('.').unwrap_or_default();
        Self { child: format!("{app}-{component}"), app: app.to_owned(), ..Self::default() }
    }
}

/// What is to be known of a pod of a task.
fn task(pod: &Value, part: &str, problem: &str) -> Option<Box<TaskPod>> {
    // What a process of users has said may be long, and may quote a password.
    let message: fn(&str) -> String = match part {
        MIGRATE => |said| said.lines().rev().find(|line| !line.trim().is_empty()).map(quoted).unwrap_or_default(),
        PREFLIGHT => |said| said.chars().take(LONGEST_MESSAGE).collect(),
        _ => return None,
    };
    let status = pod.pointer("/status/containerStatuses/0");
    let ended = status.and_then(|it| it.pointer("/state/terminated").or_else(|| it.pointer("/lastState/terminated")));
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    let job =
        owners.filter(|owner| owner.get("controller") == Some(&Value::Bool(true))).map(|owner| text(owner, "/uid"));
    Some(Box::new(TaskPod {
        name: text(pod, "/metadata/name").to_owned(),
        job: job.take(1).collect(),
        runs: pod.get("spec").map(pods_hash).unwrap_or_default(),
        ended: ended.map(|ended| Exit {
            code: ended.get("exitCode").and_then(Value::as_i64).unwrap_or_default(),
            at: text(ended, "/finishedAt").parse().ok(),
            message: message(text(ended, "/message").trim()),
        }),
        succeeded: text(pod, "/status/phase") == "Succeeded",
        finished: matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"),
        problem: problem.to_owned(),
    }))
}

fn problem(pod: &Value) -> Option<String> {
    let list = |pointer: &str| pod.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let container = list("/status/containerStatuses").find_map(container_problem);
    let unscheduled = || {
        list("/status/conditions")
            .find(|condition| text(condition, "/type") == "PodScheduled" && text(condition, "/status") == "False")
            .map(|condition| format!("not scheduled: {}", text(condition, "/message")))
    };
    let evicted = || {
        (text(pod, "/status/phase") == "Failed")
            .then(|| format!("{}: {}", text(pod, "/status/reason"), text(pod, "/status/message")))
    };
    let message = container.or_else(unscheduled).or_else(evicted)?;
    Some(quoted(&message))
}

fn container_problem(status: &Value) -> Option<String> {
    let reason = text(status, "/state/waiting/reason");
    let message = text(status, "/state/waiting/message");
    match reason {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            Some(format!("image {} can't be pulled ({reason}): {message}", text(status, "/image")))
        }
        "" | "CrashLoopBackOff" if status.get("ready") != Some(&Value::Bool(true)) => ended(status),
        "" | "ContainerCreating" | "PodInitializing" => None,
        _ => Some(format!("the container can't start ({reason}): {message}")),
    }
}

/// The same message while the container waits, runs again and ends again, so that a crash loop doesn't change the
/// status each time.
fn ended(status: &Value) -> Option<String> {
    let last = status.pointer("/state/terminated").or_else(|| status.pointer("/lastState/terminated"))?;
    let code = last.get("exitCode").and_then(Value::as_i64)?;
    Some(format!("the process ended: exit code {code} ({})", text(last, "/reason")))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
