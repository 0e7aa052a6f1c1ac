//! Additions by other field managers that weaken the workload. A server-side apply alone wouldn't remove them.

use anyhow::Result;
use hardened_app::api::DriftChange::{Added, Changed};
use serde_json::json;

use super::edit::{Edit, all_are_reverted};
use crate::scene::{Scene, WEB};
use crate::tamper::{push, set};

macro_rules! pod {
    ($rest:literal) => {
        concat!("spec.template.spec", $rest)
    };
}

const CONTAINER: &str = "/spec/template/spec/containers/0";
const POD: &str = "/spec/template/spec";

const IN_PODS: [Edit; 19] = [
    added(pod!(".containers[name=web].env[name=LD_PRELOAD]"), |object| {
        push(object, &format!("{CONTAINER}/env"), json!({ "name": "LD_PRELOAD", "value": "/tmp/x.so" }));
    }),
    added(pod!(".containers[name=web].envFrom"), |object| {
        push(object, &format!("{CONTAINER}/envFrom"), json!({ "secretRef": { "name": "others" } }));
    }),
    added(pod!(".containers[name=web].ports[containerPort=9999,protocol=TCP]"), |object| {
        push(object, &format!("{CONTAINER}/ports"), json!({ "containerPort": 9999, "protocol": "TCP" }));
    }),
    added(pod!(".containers[name=web].volumeMounts[mountPath=/app]"), |object| {
        push(object, &format!("{CONTAINER}/volumeMounts"), json!({ "name": "tmp", "mountPath": "/app" }));
    }),
    added(pod!(".containers[name=web].lifecycle.postStart"), |object| {
        set(object, &format!("{CONTAINER}/lifecycle/postStart"), json!({ "exec": { "command": ["x"] } }));
    }),
    added(pod!(".containers[name=web].command"), |object| {
        set(object, &format!("{CONTAINER}/command"), json!(["/tmp/x"]));
    }),
    added(pod!(".containers[name=web].securityContext.capabilities.add"), |object| {
        set(object, &format!("{CONTAINER}/securityContext/capabilities/add"), json!(["SYS_ADMIN"]));
    }),
    added(pod!(".containers[name=web].securityContext.procMount"), |object| {
        set(object, &format!("{CONTAINER}/securityContext/procMount"), "Default".into());
    }),
    added(pod!(".securityContext.sysctls"), |object| {
        push(
            object,
            &format!("{POD}/securityContext/sysctls"),
            json!({ "name": "kernel.shm_rmid_forced", "value": "1" }),
        );
    }),
    added(pod!(".volumes[name=host]"), |object| {
        push(object, &format!("{POD}/volumes"), json!({ "name": "host", "hostPath": { "path": "/" } }));
    }),
    added(pod!(".initContainers[name=x]"), |object| {
        push(object, &format!("{POD}/initContainers"), json!({ "name": "x", "image": "evil:1" }));
    }),
    added(pod!(".hostAliases[ip=203.0.113.6]"), |object| {
        push(object, &format!("{POD}/hostAliases"), json!({ "ip": "203.0.113.6", "hostnames": ["db"] }));
    }),
    added(pod!(".imagePullSecrets[name=others]"), |object| {
        push(object, &format!("{POD}/imagePullSecrets"), json!({ "name": "others" }));
    }),
    added(pod!(".nodeName"), |object| set(object, &format!("{POD}/nodeName"), "mine".into())),
    added(pod!(".runtimeClassName"), |object| set(object, &format!("{POD}/runtimeClassName"), "mine".into())),
    added(pod!(".dnsConfig.nameservers"), |object| {
        set(object, &format!("{POD}/dnsConfig/nameservers"), json!(["203.0.113.6"]));
    }),
    Edit {
        change: Changed,
        ..added(pod!(".shareProcessNamespace"), |object| {
            set(object, &format!("{POD}/shareProcessNamespace"), true.into());
        })
    },
    added("spec.template.metadata.labels.team", |object| {
        set(object, "/spec/template/metadata/labels/team", "x".into());
    }),
    added("spec.template.metadata.annotations[sidecar.istio.io/inject]", |object| {
        set(object, "/spec/template/metadata/annotations", json!({ "sidecar.istio.io/inject": "true" }));
    }),
];

const fn added(path: &'static str, made_by: fn(&mut serde_json::Value)) -> Edit {
    Edit { kind: "Deployment", change: Added, path, made_by }
}

#[tokio::test]
async fn additions_to_a_pod_template_are_removed() -> Result<()> {
    all_are_reverted(&Scene::open("pod-additions").await?, WEB, &IN_PODS).await
}

#[tokio::test]
async fn additions_to_a_service_are_removed() -> Result<()> {
    let edits = [
        Edit {
            kind: "Service",
            change: Added,
            path: "spec.externalIPs",
            made_by: |object| set(object, "/spec/externalIPs", json!(["203.0.113.6"])),
        },
        Edit {
            kind: "Service",
            change: Added,
            path: "spec.ports[port=9999,protocol=TCP]",
            made_by: |object| {
                let port = json!({ "name": "x", "port": 9999, "protocol": "TCP", "targetPort": 9999 });
                push(object, "/spec/ports", port);
            },
        },
        Edit {
            kind: "Service",
            change: Added,
            path: "spec.selector.team",
            made_by: |object| set(object, "/spec/selector/team", "x".into()),
        },
    ];
    all_are_reverted(&Scene::open("service-additions").await?, WEB, &edits).await
}

#[tokio::test]
async fn additions_to_a_network_policy_are_removed() -> Result<()> {
    let components = format!(
        "{WEB}\n  connectsTo: [api]\n  allowFrom: [{{app: portal, component: web}}]\n- name: api\n  image: registry.example.com/api:1.0.0\n  replicas: 0\n  ports: [{{name: http, port: 8080}}]\n"
    );
    let edits = [
        Edit {
            kind: "NetworkPolicy",
            change: Added,
            path: "spec.ingress[1]",
            made_by: |object| push(object, "/spec/ingress", json!({})),
        },
        Edit {
            kind: "NetworkPolicy",
            change: Added,
            path: "spec.ingress[0].from[1]",
            made_by: |object| push(object, "/spec/ingress/0/from", json!({ "namespaceSelector": {} })),
        },
        Edit {
            kind: "NetworkPolicy",
            change: Added,
            path: "spec.ingress[0].ports[1]",
            made_by: |object| push(object, "/spec/ingress/0/ports", json!({ "port": 22, "protocol": "TCP" })),
        },
        Edit {
            kind: "NetworkPolicy",
            change: Added,
            path: "spec.egress[2]",
            made_by: |object| push(object, "/spec/egress", json!({})),
        },
        Edit {
            kind: "NetworkPolicy",
            change: Added,
            path: "spec.egress[1].to[1]",
            made_by: |object| push(object, "/spec/egress/1/to", json!({ "ipBlock": { "cidr": "0.0.0.0/0" } })),
        },
    ];
    all_are_reverted(&Scene::open("policy-additions").await?, &components, &edits).await
}

#[tokio::test]
async fn ingress_rules_added_to_a_network_policy_without_any_are_removed() -> Result<()> {
    let edits = [Edit {
        kind: "NetworkPolicy",
        change: Added,
        path: "spec.ingress",
        made_by: |object| push(object, "/spec/ingress", json!({})),
    }];
    all_are_reverted(&Scene::open("closed-policy").await?, WEB, &edits).await
}
