//! Fields of which only one may be set. If an edit replaces the declared one by another, a plain apply would set both, which
//! the API server rejects.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::plan::Change;
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::Scene;
use crate::tamper::{IMAGE, IMAGE_PATH, edit, push, remove, set};

/// A component with all fields that the table replaces.
const COMPONENTS: &str = "
- name: web
  image: registry.example.com/hello:1.0.0
  replicas: 0
  env: [{name: LOG, value: info}]
  ports: [{name: http, port: 8080}]
";

const POD: &str = "/spec/template/spec";
const CONTAINER: &str = "/spec/template/spec/containers/0";

/// A replacement of one field by another, and where the status must report it.
struct Exchange {
    name: &'static str,
    kind: &'static str,
    /// Prefix of the path in the status; the rest depends on the values.
    path: &'static str,
    made_by: fn(&mut Value),
}

const EXCHANGES: [Exchange; 8] = [
    Exchange {
        name: "a command instead of a probe's port",
        kind: "Deployment",
        path: "spec.template.spec.containers[name=web].readinessProbe.",
        made_by: |object| {
            remove(object, &format!("{CONTAINER}/readinessProbe/tcpSocket"));
            set(object, &format!("{CONTAINER}/readinessProbe/exec"), json!({ "command": ["sh", "-c", "evil"] }));
        },
    },
    Exchange {
        name: "a node's seccomp profile instead of the runtime's",
        kind: "Deployment",
        path: "spec.template.spec.containers[name=web].securityContext.seccompProfile.",
        made_by: |object| {
            let profile = json!({ "type": "Localhost", "localhostProfile": "evil.json" });
            set(object, &format!("{CONTAINER}/securityContext/seccompProfile"), profile);
        },
    },
    Exchange {
        name: "the node's disk instead of a folder of the pod",
        kind: "Deployment",
        path: "spec.template.spec.volumes[name=tmp].",
        made_by: |object| {
            remove(object, &format!("{POD}/volumes/0/emptyDir"));
            set(object, &format!("{POD}/volumes/0/hostPath"), json!({ "path": "/" }));
        },
    },
    Exchange {
        name: "a foreign secret instead of a value",
        kind: "Deployment",
        path: "spec.template.spec.containers[name=web].env[name=LOG].",
        made_by: |object| {
            remove(object, &format!("{CONTAINER}/env/0/value"));
            let secret = json!({ "secretKeyRef": { "name": "others", "key": "k" } });
            set(object, &format!("{CONTAINER}/env/0/valueFrom"), secret);
        },
    },
    Exchange {
        name: "a command instead of a pause before the end",
        kind: "Deployment",
        path: "spec.template.spec.containers[name=web].lifecycle.preStop.",
        made_by: |object| {
            set(object, &format!("{CONTAINER}/lifecycle/preStop"), json!({ "exec": { "command": ["evil"] } }));
        },
    },
    Exchange {
        name: "a minimum instead of a maximum",
        kind: "PodDisruptionBudget",
        path: "spec.minAvailable",
        made_by: |object| {
            remove(object, "/spec/maxUnavailable");
            set(object, "/spec/minAvailable", 1.into());
        },
    },
    // Both must be removed in one request: a mount without its volume is invalid as well.
    Exchange {
        name: "a volume and a mount of it",
        kind: "Deployment",
        path: "spec.template.spec.containers[name=web].volumeMounts[mountPath=/host]",
        made_by: |object| {
            push(object, &format!("{POD}/volumes"), json!({ "name": "host", "hostPath": { "path": "/" } }));
            push(object, &format!("{CONTAINER}/volumeMounts"), json!({ "name": "host", "mountPath": "/host" }));
        },
    },
    Exchange {
        name: "a volume and an init container that mounts it",
        kind: "Deployment",
        path: "spec.template.spec.initContainers[name=x]",
        made_by: |object| {
            push(object, &format!("{POD}/volumes"), json!({ "name": "host", "hostPath": { "path": "/" } }));
            let mount = json!({ "name": "host", "mountPath": "/x" });
            set(
                object,
                &format!("{POD}/initContainers"),
                json!([{ "name": "x", "image": "evil:1", "volumeMounts": [mount] }]),
            );
        },
    },
];

async fn is_reverted(scene: &Scene, app: &str, exchange: &Exchange) -> Result<()> {
    let Exchange { kind, path, made_by, .. } = *exchange;
    let is_deployment = kind == "Deployment";
    scene.ready(app, COMPONENTS).await?;
    let child = format!("{app}-web");
    let before = scene.live(kind, &child).await?;
    let edited = edit(&scene.objects(kind)?, &child, |object| {
        made_by(object);
        // An edit that makes the apply invalid must not prevent the revert of another one.
        if is_deployment {
            set(object, IMAGE, "evil:1".into());
        }
    })
    .await?;
    assert_ne!(declared(&edited), declared(&before), "the edit must change something");

    for path in [Some(path), is_deployment.then_some(IMAGE_PATH)].into_iter().flatten() {
        scene.reverted(app, path, |item| item.kind == kind && item.path.starts_with(path)).await?;
    }
    assert_eq!(declared(&scene.live(kind, &child).await?), declared(&before));
    let verdict = scene.verdict(app, kind).await?;
    assert_eq!((verdict.change, verdict.drift), (Change::Keep, vec![]));
    let reverted = scene.reported(app, "the reverted drift", |status| Some(status.drift.clone())).await?;
    assert_eq!(reverted.open, [], "no drift is left");

    // If the correction had left a field to another field manager, this change would show drift or a conflict.
    scene.change(app, &COMPONENTS.replace("1.0.0", "2.0.0").replace("info", "debug")).await?;
    scene
        .object("Deployment", &child, "the new image", |live| {
            (live.pointer(IMAGE)? == "registry.example.com/hello:2.0.0").then_some(())
        })
        .await?;
    scene.condition(app, "Ready", "True", "Available").await?;
    let drift = scene.reported(app, "no more drift", |status| Some(status.drift.clone())).await?;
    assert_eq!(drift, reverted, "the operator's own rollout isn't drift");
    let verdict = scene.verdict(app, kind).await?;
    assert_eq!((verdict.change, verdict.drift), (Change::Keep, vec![]));
    Ok(())
}

#[tokio::test]
async fn a_field_replaced_by_an_exclusive_alternative_is_restored() -> Result<()> {
    let scene = Scene::open("one-of").await?;
    let cases = EXCHANGES.iter().enumerate().map(async |(index, exchange)| {
        is_reverted(&scene, &format!("app{index}"), exchange).await.with_context(|| exchange.name)
    });
    try_join_all(cases).await?;
    Ok(())
}
