//! Progress of an object that isn't complete as soon as it is applied.

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use crate::release::{Job, Revision};

/// Progress of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Pods are replaced.
    Rollout(Rollout),
    /// Pods run to completion.
    Job(Box<Job>),
    /// A release is recorded; `None` where the entry can't be read.
    Record(Option<Box<Revision>>),
    /// A controller outside this operator leads requests to the app.
    Entry(EntryState),
    /// A certificate is issued.
    Certificate(EntryState, Option<Expiry>),
}

/// When a certificate expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// When it isn't valid any more.
    pub expires: Timestamp,
    /// When half of the time is over in which it was to be renewed.
    pub overdue: Timestamp,
}

/// What a controller outside this operator says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// Nothing yet of this version of it; what it waits for.
    Pending(String),
    /// It does what the object asks for.
    Accepted,
    /// It doesn't, and why.
    Refused(String),
}

/// What a list of conditions says of an object: all of these types are true, or one is false.
pub(super) fn of_conditions(object: &Value, conditions: Option<&Value>, types: &[&str]) -> EntryState {
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    let found = |kind: &&str| {
        let mut all = conditions.and_then(Value::as_array).into_iter().flatten();
        // A condition without a generation is about whichever there is.
        all.find(|it| it.get("type").and_then(Value::as_str) == Some(kind)).filter(|it| {
            it.get("observedGeneration").and_then(Value::as_i64).is_none_or(|seen| Some(seen) >= generation)
        })
    };
    let text = |condition: &Value, field: &str| {
        condition
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .chars()
            .take(LONGEST_MESSAGE)
            .collect::<String>()
    };
    let mut pending = None;
    for kind in types {
        let Some(condition) = found(kind) else {
            pending.get_or_insert_with(|| "its controller hasn't reported yet".to_owned());
            continue;
        };
        let words = || format!("{}: {}", text(condition, "reason"), text(condition, "message"));
        match text(condition, "status").as_str() {
            "True" => {}
            "False" => return EntryState::Refused(words()),
            _ => pending = Some(words()),
        }
    }
    pending.map_or(EntryState::Accepted, EntryState::Pending)
}

/// Characters of a controller's words that are shown.
const LONGEST_MESSAGE: usize = 256;

/// What all parents of a route, or ancestors of a policy, say of it.
pub(super) fn of_parents(object: &Value, field: &str, types: &[&str]) -> EntryState {
    let parents: Vec<&Value> = object
        .get("status")
        .and_then(|status| status.get(field))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    let states = parents.iter().map(|parent| of_conditions(object, parent.get("conditions"), types));
    let worst = states.max_by_key(|state| match state {
        EntryState::Accepted => 0,
        EntryState::Pending(_) => 1,
        EntryState::Refused(_) => 2,
    });
    worst.unwrap_or_else(|| EntryState::Pending("no controller has accepted it yet".to_owned()))
}

/// The replacement of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// Pods wanted.
    pub desired: i32,
    /// Pods of the current template that are ready.
    pub ready: i32,
    /// Whether no pod of an earlier template is left.
    pub current: bool,
    /// Whether all pods are of the current template and ready, and no other is left.
    pub complete: bool,
    /// What the Deployment controller says of the rollout of the current template.
    pub phase: RolloutPhase,
    /// Why pods can't be created, from the `ReplicaFailure` condition: quota, admission …
    pub failure: Option<String>,
}

/// What has become of the rollout of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RolloutPhase {
    /// It isn't finished.
    #[default]
    UnderWay,
    /// It was complete once: pods that fail later are no rollout.
    Finished,
    /// The progress deadline has passed (`ProgressDeadlineExceeded`).
    Stuck,
}
