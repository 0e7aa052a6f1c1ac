//! What a pod says of itself: whether it serves, and if not, why.

use serde_json::Value;

use crate::{api::quoted, desired::WORKLOAD};

/// What the status needs to know of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodState {
    /// Name of its part's children: `<app>-<part>`.
    pub child: String,
    /// Name of its app.
    pub app: String,
    /// Why it doesn't serve; empty if nothing is known to be wrong.
    pub problem: String,
}

impl PodState {
    /// Reads a pod.
    #[must_use]
    pub fn read(pod: &Value) -> Self {
        // The label that policies select by: a pod that has it is bound, whatever else it says of itself.
        let workload = pod.pointer("/metadata/labels").and_then(|labels| labels.get(WORKLOAD)).and_then(Value::as_str);
        let (app, component) = workload.and_then(|workload| workload.split_once('.')).unwrap_or_default();
        let leaving = pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
        Self {
            child: format!("{app}-{component}"),
            app: app.to_owned(),
            problem: if leaving { String::new() } else { problem(pod).unwrap_or_default() },
        }
    }
}

fn problem(pod: &Value) -> Option<String> {
    let list = |pointer: &str| pod.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let container = list("/status/containerStatuses").find_map(container_problem);
    let unscheduled = || {
        list("/status/conditions")
            .find(|condition| text(condition, "/type") == "PodScheduled" && text(condition, "/status") == "False")
            .map(|condition| format!("no node fits: {}", text(condition, "/message")))
    };
    let evicted = || {
        (text(pod, "/status/phase") == "Failed")
            .then(|| format!("{}: {}", text(pod, "/status/reason"), text(pod, "/status/message")))
    };
    let words = container.or_else(unscheduled).or_else(evicted)?;
    Some(quoted(&words))
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

/// The same words while it waits, runs again and ends again: a crash loop is one story, and one status.
fn ended(status: &Value) -> Option<String> {
    let last = status.pointer("/state/terminated").or_else(|| status.pointer("/lastState/terminated"))?;
    let code = last.get("exitCode").and_then(Value::as_i64)?;
    Some(format!("the process ended: exit code {code} ({})", text(last, "/reason")))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
