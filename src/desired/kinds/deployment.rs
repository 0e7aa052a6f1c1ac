//! Deployment: the component's pods, replaced one by one.

use serde_json::{Value, json};

use super::pod_template::rules_of_pod_template;
use crate::{
    api::quoted,
    app::{Part, Workload, pod_labels},
    desired::{
        draft::Draft,
        json::insert,
        kind::{Care, Kind, Presence, Sight, Stage},
        labels::selector,
        pod::{Lifetime, pod_spec},
        progress::{Progress, Rollout, RolloutPhase},
    },
    release::Target,
};

pub(super) const KIND: Kind = Kind {
    name: "Deployment",
    group: "apps",
    version: "v1",
    plural: "deployments",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Workload,
    care: Care::Apply,
    build,
    progress: Some(progress),
    rules: rules_of_pod_template! {
        dangerous: [
            // While a Deployment is paused, its controller doesn't roll out a heal to the pods.
            "spec paused",
            // Immutable: an object that has more of it was created by another client.
            "spec selector",
        ],
        tolerated: [],
        harmless: [
            // It delays a rollout, less than progressDeadlineSeconds.
            "spec minReadySeconds",
            // The API server refuses it beside the strategy Recreate.
            "spec strategy rollingUpdate",
        ],
        // With another selector its pods are none that a NetworkPolicy of the app selects.
        immutable: &[("spec selector", None)],
        volatile: &[&["metadata", "annotations", "deployment.kubernetes.io/revision"]],
    },
};

fn build(target: &Target) -> Vec<Draft> {
    let components = target.parts().filter_map(|part| match part {
        Part::Component(workload) => Some(Draft::of_part(target, &workload.name, deployment(target, workload))),
        Part::Database(_) | Part::Task(_) => None,
    });
    let mut drafts: Vec<Draft> = components.collect();
    for draft in &mut drafts {
        let scale = draft.part.as_ref().and_then(|part| target.ungated.scale.get(part));
        match scale.map(|scale| (scale.replicas, &scale.autoscaling)) {
            // If an autoscaler decides the number, it isn't declared, hashed or compared.
            Some((_, Some(autoscaling))) => draft.autoscaled = Some((autoscaling.min, autoscaling.max)),
            Some((replicas, None)) => {
                if let Some(spec) = draft.fields.get_mut("spec") {
                    insert(spec, "replicas", json!(replicas));
                }
            }
            None => {}
        }
    }
    drafts
}

fn deployment(target: &Target, workload: &Workload) -> Value {
    json!({
        "spec": {
            "selector": selector(&target.id.workload_label(&workload.name)),
            "strategy": strategy(workload),
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": 600,
            "template": {
                "metadata": { "labels": pod_labels(&target.id, &workload.name) },
                "spec": pod_spec(&target.id, workload, Lifetime::Lasting),
            },
        },
    })
}

fn strategy(workload: &Workload) -> Value {
    if workload.exclusive {
        return json!({ "type": "Recreate" });
    }
    // A new pod must be ready before an old one is deleted.
    json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 } })
}

/// Reads the rollout from the status that the Deployment controller writes.
fn progress(deployment: &Value) -> Progress {
    let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let count = |pointer: &str| i32::try_from(number(pointer)).unwrap_or(i32::MAX);
    let condition = |kind: &str, status: &str| {
        let conditions = deployment.pointer("/status/conditions").and_then(Value::as_array);
        conditions.into_iter().flatten().find(|condition| {
            condition.get("type") == Some(&Value::from(kind)) && condition.get("status") == Some(&Value::from(status))
        })
    };
    let text =
        |condition: &Value, field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    // Until the Deployment controller has observed this generation, its numbers are about an older one.
    let seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let desired = count("/spec/replicas");
    let updated = count("/status/updatedReplicas");
    let current = seen && count("/status/replicas") == updated;
    let available = count("/status/availableReplicas");
    let says = |status: &str, reason: &str| {
        seen && condition("Progressing", status).is_some_and(|found| text(found, "reason") == reason)
    };
    // The controller sets this reason once a rollout is complete, and replaces it with the next template only. Where that is one of
    // earlier ReplicaSets, it does so a moment after it has observed it, so pods of the other template are looked at too.
    let phase = if current && says("True", "NewReplicaSetAvailable") {
        RolloutPhase::Finished
    } else if says("False", "ProgressDeadlineExceeded") {
        RolloutPhase::Stuck
    } else {
        RolloutPhase::UnderWay
    };
    Progress::Rollout(Rollout {
        desired,
        ready: if seen { available.min(updated) } else { 0 },
        current,
        complete: seen && updated == desired && available == desired && count("/status/replicas") == desired,
        phase,
        failure: condition("ReplicaFailure", "True").filter(|_| seen).map(|found| quoted(&text(found, "message"))),
    })
}
