//! Deployment: the component's pods, replaced one by one.

use serde_json::{Value, json};

use crate::{
    api::quoted,
    app::Workload,
    desired::{
        draft::Draft,
        json::insert,
        kind::{Kind, Rules, Stage},
        labels::{pod_labels, selector},
        pod::pod_spec,
        progress::{Progress, Rollout, RolloutPhase},
    },
    release::Target,
};

pub(super) const KIND: Kind = Kind {
    name: "Deployment",
    group: "apps",
    version: "v1",
    plural: "deployments",
    stage: Stage::Workload,
    build,
    progress: Some(progress),
    rules: Rules {
        keyed: &[
            ("spec template spec *ontainers", &["name"]),
            ("spec template spec volumes", &["name"]),
            ("spec template spec imagePullSecrets", &["name"]),
            ("spec template spec topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
            ("spec template spec hostAliases", &["ip"]),
            ("spec template spec *ontainers [] env", &["name"]),
            ("spec template spec *ontainers [] ports", &["containerPort", "protocol"]),
            ("spec template spec *ontainers [] volumeMounts", &["mountPath"]),
            ("spec template spec *ontainers [] volumeDevices", &["devicePath"]),
        ],
        // Containers start in this order, and `$(NAME)` in a value is replaced only where the variable stands before.
        ordered: &["spec template spec *ontainers", "spec template spec *ontainers [] env"],
        unordered: &[
            "spec template spec tolerations",
            "spec template spec affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution nodeSelectorTerms",
            "spec template spec *ontainers [] securityContext capabilities drop",
        ],
        dangerous: &[
            // While a Deployment is paused, its controller doesn't roll out a heal to the pods.
            "spec paused",
            // Immutable: an object that has more of it was created by another client.
            "spec selector",
            "spec template metadata labels *",
            "spec template metadata annotations *",
            // Copied to the pods, which then stay until a client removes them.
            "spec template metadata finalizers",
            "spec template spec containers []",
            "spec template spec initContainers",
            "spec template spec ephemeralContainers",
            "spec template spec containers [] image",
            "spec template spec containers [] command",
            "spec template spec containers [] args",
            "spec template spec containers [] env",
            "spec template spec containers [] envFrom",
            "spec template spec containers [] ports",
            "spec template spec containers [] volumeMounts",
            "spec template spec containers [] volumeDevices",
            "spec template spec containers [] securityContext",
            "spec template spec containers [] lifecycle",
            "spec template spec containers [] *Probe",
            // Devices, and claims on them.
            "spec template spec containers [] resources",
            "spec template spec containers [] restartPolicy*",
            "spec template spec containers [] workingDir",
            "spec template spec containers [] stdin*",
            "spec template spec containers [] tty",
            "spec template spec volumes []",
            // A source added to one of the operator's volumes, such as a token in a projected volume.
            "spec template spec volumes [] *",
            "spec template spec host*",
            "spec template spec securityContext",
            "spec template spec serviceAccountName",
            "spec template spec automountServiceAccountToken",
            "spec template spec shareProcessNamespace",
            "spec template spec imagePullSecrets",
            "spec template spec dnsConfig",
            "spec template spec nodeName",
            "spec template spec runtimeClassName",
            "spec template spec tolerations",
            "spec template spec affinity",
            "spec template spec nodeSelector",
            "spec template spec priorityClassName",
            // The API server refuses pods whose template disagrees with their PriorityClass.
            "spec template spec priority",
            "spec template spec preemptionPolicy",
            "spec template spec activeDeadlineSeconds",
            // A constraint that no node satisfies leaves pods without a node.
            "spec template spec topologySpreadConstraints",
            "spec template spec resources",
            "spec template spec resourceClaims",
            "spec template spec overhead",
            "spec template spec setHostnameAsFQDN",
            "spec template spec subdomain",
            "spec template spec schedulingGroup",
            "spec template spec evictionResponders",
            "spec template spec readinessGates",
            "spec template spec schedulingGates",
        ],
        commanding: &[],
        tolerated: &[
            "metadata annotations *",
            // `kubectl rollout restart` writes here; a restart doesn't weaken the workload.
            "spec template metadata annotations kubectl.kubernetes.io/*",
            // The API server keeps this copy equal to serviceAccountName.
            "spec template spec serviceAccount",
        ],
        harmless: &[
            "metadata labels *",
            // It delays a rollout, less than progressDeadlineSeconds.
            "spec minReadySeconds",
            // The API server refuses it beside the strategy Recreate.
            "spec strategy rollingUpdate",
            // Whether a resize in place restarts the container; the amounts themselves are declared.
            "spec template spec containers [] resizePolicy",
            // Pods get labels, annotations and finalizers of their template, nothing else of its metadata.
            "spec template metadata name",
            "spec template metadata namespace",
            "spec template metadata generateName",
            "spec template metadata generation",
            "spec template metadata creationTimestamp",
            "spec template metadata deletionTimestamp",
            "spec template metadata deletionGracePeriodSeconds",
            "spec template metadata managedFields",
            "spec template metadata ownerReferences",
            "spec template metadata resourceVersion",
            "spec template metadata selfLink",
            "spec template metadata uid",
        ],
        omitted_if_false: &[
            "spec template spec hostNetwork",
            "spec template spec hostPID",
            "spec template spec hostIPC",
        ],
        // With another selector its pods are none that a NetworkPolicy of the app selects.
        immutable: &[("spec selector", None)],
        volatile: &[&["metadata", "annotations", "deployment.kubernetes.io/revision"]],
        public: false,
        always_enforced: false,
    },
};

fn build(target: &Target) -> Vec<Draft> {
    let mut drafts = Draft::per_workload(target, |workload| Some(deployment(target, workload)));
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
                "spec": pod_spec(&target.id, workload),
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
