//! A Job of a task as the cluster reports it, and what counts as its success.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::short_hash;

/// A Job, with its pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// Its `resourceVersion`, a precondition of changes.
    pub version: String,
    /// Whether it starts no pods.
    pub suspended: bool,
    /// When it started pods first. Kubernetes from 1.36 on takes it back when the Job is suspended.
    pub started: Option<Timestamp>,
    /// How many pods it has that haven't ended, those that are ending included.
    pub active: i64,
    /// How it ended; `None` while it hasn't.
    pub ended: Option<Ended>,
    /// Its pods, as far as they still exist.
    pub pods: Vec<TaskPod>,
}

/// How a Job ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Whether it succeeded.
    pub succeeded: bool,
    /// When it ended.
    pub at: Option<Timestamp>,
    /// Why, in the API's word: `BackoffLimitExceeded`, `DeadlineExceeded` …
    pub reason: String,
}

/// A pod of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskPod {
    /// Its name.
    pub name: String,
    /// UID of the Job that it names as its controller.
    pub job: String,
    /// Hash of what it runs: containers, images, commands and environment.
    pub runs: String,
    /// How its container ended last, if it did.
    pub ended: Option<Exit>,
    /// Whether it has succeeded.
    pub succeeded: bool,
    /// Whether it runs no more.
    pub finished: bool,
    /// Why its container doesn't run; empty if no problem is known.
    pub problem: String,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code.
    pub code: i64,
    /// When.
    pub at: Option<Timestamp>,
    /// Its termination message, cut and masked.
    pub message: String,
}

/// What a Job's state amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It hasn't ended.
    Unfinished,
    /// It succeeded, and the pod that did so runs what was declared.
    Succeeded,
    /// It succeeded, but the pod that did so is gone: the Job's word is all there is.
    Unseen,
    /// It says that it succeeded, by a pod that runs something else: the name of that pod. Whoever may create pods can have one counted.
    Forged(String),
    /// It failed: why.
    Failed(String),
}

/// Hash of what the pods of this spec run: their containers, with images, commands, environment and all that is mounted from objects, since
/// a file that is mounted over a program runs in its place.
#[must_use]
pub fn pods_hash(spec: &Value) -> String {
    let list = |name: &str| spec.get(name).and_then(Value::as_array).into_iter().flatten();
    let runs = list("initContainers").chain(list("containers")).map(|container| {
        ["name", "image", "command", "args", "workingDir", "env", "envFrom", "volumeMounts"]
            .map(|field| container.get(field).filter(|value| **value != json!([])).map(without_defaults))
    });
    let [volumes, aliases] =
        ["volumes", "hostAliases"].map(|name| list(name).map(without_defaults).collect::<Vec<_>>());
    short_hash(&json!([runs.collect::<Vec<_>>(), volumes, aliases]).to_string())
}

/// The API server doesn't store empty values and those that are false, adds the mode of the files in a volume, and writes sizes otherwise.
fn without_defaults(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_defaults).collect(),
        Value::Object(fields) => {
            let is_default = |key: &str, value: &Value| {
                *value == json!("") || *value == json!(false) || matches!(key, "defaultMode" | "sizeLimit")
            };
            let kept = fields.iter().filter(|(key, value)| !is_default(key, value));
            Value::Object(kept.map(|(key, value)| (key.clone(), without_defaults(value))).collect())
        }
        _ => value.clone(),
    }
}

impl Job {
    /// Whether pods of it may run now.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.ended.is_none() && (!self.suspended || self.started.is_some() || self.active > 0)
    }

    /// What its state amounts to; `declared` is the hash of what its pods are to run.
    #[must_use]
    pub fn verdict(&self, declared: &str) -> Verdict {
        let Some(ended) = &self.ended else { return Verdict::Unfinished };
        if !ended.succeeded {
            return Verdict::Failed(self.why(ended));
        }
        let mut succeeded = self.pods.iter().filter(|pod| pod.succeeded).peekable();
        if succeeded.peek().is_none() {
            // Two watches: that of the pods may lag behind.
            let lags = self.pods.iter().any(|pod| !pod.finished);
            return if lags { Verdict::Unfinished } else { Verdict::Unseen };
        }
        match succeeded.find(|pod| pod.runs != declared) {
            Some(forged) => Verdict::Forged(forged.name.clone()),
            None => Verdict::Succeeded,
        }
    }

    /// Why it failed: what its last container said, or else the API.
    fn why(&self, ended: &Ended) -> String {
        let last = self.pods.iter().filter_map(|pod| pod.ended.as_ref()).max_by_key(|exit| exit.at);
        let tail = match ended.reason.as_str() {
            // The Job controller deletes a pod that still runs then, and its log with it.
            "DeadlineExceeded" => {
                "it took longer than its timeout allows, and a pod that ran until then is deleted with its log"
                    .to_owned()
            }
            "BackoffLimitExceeded" | "" => String::new(),
            reason => format!("({reason})"),
        };
        let said = last.map(|exit| match exit.message.as_str() {
            "" => format!("exit code {}", exit.code),
            message => format!("exit code {}: {message}", exit.code),
        });
        let parts: Vec<String> = said.into_iter().chain(Some(tail).filter(|tail| !tail.is_empty())).collect();
        if parts.is_empty() { "its pods failed, and none is left to say why".to_owned() } else { parts.join("; ") }
    }
}
