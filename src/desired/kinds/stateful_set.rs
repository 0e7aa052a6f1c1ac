//! StatefulSet: the one pod of a managed database, with a volume that outlives it.

use serde_json::{Value, json};

use super::pod_template::rules_of_pod_template;
use crate::{
    app::{DatabaseForm, ManagedDatabase, labels, pod_labels},
    desired::{
        draft::Draft,
        json::insert,
        kind::{Care, Kind, Presence, Sight, Stage},
        labels::selector,
        pod::{Lifetime, OWN, pod_spec},
        progress::{Progress, Rollout, RolloutPhase},
    },
    release::Target,
};

pub(super) const KIND: Kind = Kind {
    name: "StatefulSet",
    group: "apps",
    version: "v1",
    plural: "statefulsets",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Workload,
    care: Care::Apply,
    build,
    progress: Some(progress),
    rules: rules_of_pod_template! {
        dangerous: [
            // Immutable: an object that has more of it was created by another client.
            "spec selector",
            "spec volumeClaimTemplates []",
            "spec volumeClaimTemplates [] *",
            // Another number in the pod's name is another claim, and an empty database.
            "spec ordinals",
            // Above zero, the pod isn't updated.
            "spec updateStrategy rollingUpdate partition",
        ],
        // The API server sets the state of a claim in its template.
        tolerated: ["spec volumeClaimTemplates [] status", "spec volumeClaimTemplates [] metadata creationTimestamp"],
        harmless: [
            // It delays a rollout.
            "spec minReadySeconds",
            // There is one pod.
            "spec updateStrategy rollingUpdate maxUnavailable",
        ],
        immutable: &[
            ("spec selector", None),
            ("spec serviceName", None),
            ("spec podManagementPolicy", None),
            ("spec volumeClaimTemplates", None),
        ],
        volatile: &[],
    },
};

fn build(target: &Target) -> Vec<Draft> {
    let managed = target.databases().filter_map(|database| match &database.form {
        DatabaseForm::Managed(managed) => Some(&**managed),
        DatabaseForm::Pods(_) | DatabaseForm::External(_) => None,
    });
    managed.map(|managed| Draft::of_part(target, &managed.workload.name, stateful_set(target, managed))).collect()
}

fn stateful_set(target: &Target, managed: &ManagedDatabase) -> Value {
    let workload = &managed.workload;
    let (id, name) = (&target.id, &workload.name);
    json!({
        "spec": {
            "replicas": 1,
            "serviceName": id.child_name(name),
            "selector": selector(&id.workload_label(name)),
            // With OrderedReady the controller would wait for a broken pod instead of replacing it when the template is corrected
            // (kubernetes/kubernetes#67250).
            "podManagementPolicy": "Parallel",
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } },
            "revisionHistoryLimit": 3,
            // The data stay, whatever is deleted.
            "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Retain" },
            "template": {
                "metadata": { "labels": pod_labels(id, name) },
                "spec": pod_spec(id, workload, Lifetime::Lasting),
            },
            "volumeClaimTemplates": [claim(target, managed)],
        },
    })
}

/// The defaults are set explicitly, since nothing may be added to the template.
fn claim(target: &Target, ManagedDatabase { workload, storage, .. }: &ManagedDatabase) -> Value {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": storage.size.to_string() } },
        "volumeMode": "Filesystem",
    });
    if let Some(class) = &storage.class {
        insert(&mut spec, "storageClassName", json!(class));
    }
    let name = target.id.child_name(&workload.name);
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": OWN, "labels": labels(&target.id, Some(&workload.name), &name) },
        "spec": spec,
    })
}

/// Reads the rollout from the status that the StatefulSet controller writes.
fn progress(stateful_set: &Value) -> Progress {
    let number = |pointer: &str| stateful_set.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let count = |field: &str| i32::try_from(number(&format!("/status/{field}"))).unwrap_or(i32::MAX);
    // Until the controller has observed this generation, its numbers are about an older one.
    let seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let desired = i32::try_from(number("/spec/replicas")).unwrap_or(i32::MAX);
    let (updated, available) = (count("updatedReplicas"), count("availableReplicas"));
    let current = seen && count("replicas") == updated;
    let complete = current && updated == desired && available == desired;
    Progress::Rollout(Rollout {
        desired,
        ready: if seen { available.min(updated) } else { 0 },
        current,
        complete,
        // It has no deadline, and says of a rollout that is complete nothing that it doesn't say of a new object.
        phase: if complete { RolloutPhase::Finished } else { RolloutPhase::UnderWay },
        failure: None,
    })
}
