//! What the predicates need to know of an object.

use std::collections::BTreeMap;

use hardened_app::release::FACTS;
use serde_json::Value;

/// One version of an object.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// etcd's revisions are comparable between kinds.
    pub(crate) version: u64,
    pub(crate) namespace: String,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) uid: String,
    /// What is known of it; none where it was deleted.
    pub(crate) facts: Option<Facts>,
}

pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Facts {
    /// A NetworkPolicy that denies all else in both directions, with the pods it selects.
    Guard(Labels),
    /// Another NetworkPolicy.
    Opening,
    /// A Deployment: its pods' labels and image.
    Rollout(Labels, String),
    Task(Task),
    /// A ControllerRevision: UID of the Job of its migration.
    Entry(Option<String>),
}

/// A Job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) labels: Labels,
    pub(crate) image: String,
    /// What its pods run.
    pub(crate) runs: String,
    pub(crate) suspended: bool,
    pub(crate) complete: bool,
    pub(crate) failed: bool,
}

/// Reads them from an object of one of the kinds that the predicates are about.
pub(crate) fn facts(kind: &str, object: &Value) -> Option<Facts> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let labels = |pointer: &str| -> Labels {
        let labels = object.pointer(pointer).cloned().unwrap_or_default();
        serde_json::from_value(labels).unwrap_or_default()
    };
    let of_pods = || (labels("/spec/template/metadata/labels"), text("/spec/template/spec/containers/0/image"));
    Some(match kind {
        "NetworkPolicy" => {
            let types = object.pointer("/spec/policyTypes").and_then(Value::as_array).map_or(0, Vec::len);
            let selector = object.pointer("/spec/podSelector/matchExpressions").is_none();
            if types == 2 && selector { Facts::Guard(labels("/spec/podSelector/matchLabels")) } else { Facts::Opening }
        }
        "Deployment" => {
            let (labels, image) = of_pods();
            Facts::Rollout(labels, image)
        }
        "Job" => {
            let (labels, image) = of_pods();
            let container = object.pointer("/spec/template/spec/containers/0")?;
            let runs = [&container["image"], &container["command"], &container["args"], &container["env"]];
            let is_true = |kind: &str| {
                let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
                conditions.into_iter().any(|it| it["type"] == kind && it["status"] == "True")
            };
            Facts::Task(Task {
                labels,
                image,
                runs: runs.map(ToString::to_string).join(" "),
                suspended: object.pointer("/spec/suspend") == Some(&Value::Bool(true)),
                complete: is_true("Complete"),
                failed: is_true("Failed"),
            })
        }
        "ControllerRevision" => {
            let text = object.pointer("/metadata/annotations")?.get(FACTS)?.as_str()?;
            let facts: Value = serde_json::from_str(text).ok()?;
            Facts::Entry(facts.pointer("/run/uid").and_then(Value::as_str).map(str::to_owned))
        }
        _ => return None,
    })
}

impl Task {
    pub(crate) fn is_migration(&self) -> bool {
        self.labels.get("app.kubernetes.io/component").is_some_and(|part| part == "migrate")
    }

    /// Whether pods of it may run.
    pub(crate) fn is_active(&self) -> bool {
        !self.suspended && !self.complete && !self.failed
    }
}
