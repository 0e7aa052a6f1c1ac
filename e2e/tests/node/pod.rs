//! Pods that the tests write by hand.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use e2e::until;
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::place::{LIMIT, containers};
use crate::processes;

/// A pod that the Pod Security Standard `restricted` admits, with one container, which has the pod's name, and its volumes.
pub(crate) fn hardened(name: &str, user: u32, container: Value, volumes: &Value) -> Result<Pod> {
    let security = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
    });
    let container = Container {
        name: name.to_owned(),
        security_context: Some(serde_json::from_value(security)?),
        ..serde_json::from_value(container)?
    };
    let pod = json!({
        "metadata": { "name": name },
        "spec": {
            "automountServiceAccountToken": false,
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": user,
                "runAsGroup": user,
                "fsGroup": user,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [container],
            "volumes": volumes,
        },
    });
    Ok(serde_json::from_value(pod)?)
}

/// A pod of the guest, which listens on a port.
pub(crate) fn guest(name: &str, label: (&str, &str), port: u16) -> Result<Pod> {
    let container = json!({
        "image": "registry.example.com/hello:1.0.0",
        "args": [format!(":{port}")],
        "readinessProbe": { "tcpSocket": { "port": port }, "periodSeconds": 1 },
    });
    let mut pod = hardened(name, 65532, container, &json!([]))?;
    pod.metadata.labels = Some([(label.0.to_owned(), label.1.to_owned())].into());
    Ok(pod)
}

/// Creates a pod and waits until it is ready.
pub(crate) async fn create(pods: &Api<Pod>, pod: Pod) -> Result<Pod> {
    let pod = pods.create(&PostParams::default(), &pod).await?;
    ready(pods, &pod, 0).await
}

/// Waits until the pod's container is ready after a number of restarts.
pub(crate) async fn ready(pods: &Api<Pod>, pod: &Pod, restarts: i32) -> Result<Pod> {
    let name = pod.metadata.name.as_deref().context("a pod without a name")?;
    until(&format!("{name} is ready after {restarts} restarts"), LIMIT, async || {
        let pod = pods.get(name).await?;
        let is_ready = containers(&pod).iter().any(|container| container.ready && container.restart_count == restarts);
        Ok(is_ready.then_some(pod))
    })
    .await
}

/// A process of the pod, as `/proc/<pid>`.
pub(crate) fn process(pod: &Pod) -> Result<PathBuf> {
    processes::of(pod)?.into_iter().next().context("the pod has no process")
}

/// Kills the pod's program with SIGKILL, as the kernel does where memory runs out.
pub(crate) async fn kill(pod: &Pod) -> Result<()> {
    // The first process of a container has the lowest id.
    let process = process(pod)?;
    let id = process.file_name().context("no process id")?;
    ensure!(Command::new("kill").arg("-KILL").arg(id).status().await?.success(), "the process has ended");
    Ok(())
}

pub(crate) fn address(pod: &Pod) -> Result<IpAddr> {
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.as_deref());
    Ok(address.context("the pod has no address")?.parse()?)
}
