//! What a pod reports: whether it is ready, and if not, why.

use serde_json::Value;

use crate::api::{WORKLOAD, quoted};

/// What the status needs to know of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodState {
    /// Name of its part's children: `<app>-<part>`.
    pub child: String,
    /// Name of its app.
    pub app: String,
    /// Why it isn't ready; empty if no problem is known.
    pub problem: String,
}

impl PodState {
    /// Reads a pod.
    #[must_use]
    pub fn read(pod: &Value) -> Self {
        // NetworkPolicies select by this label, so it decides to which child the pod belongs, whatever its other labels
        // claim.
        let workload = pod.pointer("/metadata/labels").and_then(|labels| labels.get(WORKLOAD)).and_then(Value::as_str);
        let deleting = pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
        let problem = if deleting { None } else { problem(pod) };
        Self { problem: problem.unwrap_or_default(), ..Self::of_workload(workload.unwrap_or_default()) }
    }

    /// A pod of which only the label is known.
    #[must_use]
    pub fn of_workload(workload: &str) -> Self {
        let (app, component) = workload.split_once('.').unwrap_or_default();
        Self { child: format!("{app}-{component}"), app: app.to_owned(), problem: String::new() }
    }
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
