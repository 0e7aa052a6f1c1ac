//! Deployment: the component's pods, replaced one by one.

use serde_json::{Value, json};

use super::{
    Kind, Rules, Stage,
    meta::{insert, pod_labels, selector},
    pod,
};
use crate::app::{App, Component};

pub(super) const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    plural: "deployments",
    stage: Stage::Workload,
    build: |app, component| Some(deployment(app, component)),
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
        dangerous: &[
            // A paused Deployment brings no heal to its pods.
            "spec paused",
            "spec template metadata labels *",
            "spec template metadata annotations *",
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
            "spec template spec volumes []",
            // A source added to one of ours, such as a token in a projected volume.
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
            "spec template spec readinessGates",
            "spec template spec schedulingGates",
        ],
        tolerated: &[
            "metadata annotations *",
            // `kubectl rollout restart` writes here, and restarting is no attack.
            "spec template metadata annotations kubectl.kubernetes.io/*",
            // The server's own copy of serviceAccountName, kept equal by its conversion.
            "spec template spec serviceAccount",
        ],
        public: false,
        always_enforced: false,
    },
};

fn strategy(component: &Component) -> Value {
    if component.exclusive {
        return json!({ "type": "Recreate" });
    }
    // A new pod must serve before an old one goes.
    json!({ "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 } })
}

fn deployment(app: &App, component: &Component) -> Value {
    let mut deployment = json!({
        "spec": {
            "selector": selector(&component.workload),
            "strategy": strategy(component),
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": 600,
            "template": {
                "metadata": { "labels": pod_labels(app, component) },
                "spec": pod::pod_spec(app, component),
            },
        },
    });
    // Where an autoscaler decides, the number stays out of what is declared, hashed and compared.
    if component.autoscaling.is_none()
        && let Some(spec) = deployment.get_mut("spec")
    {
        insert(spec, "replicas", json!(component.replicas));
    }
    deployment
}
