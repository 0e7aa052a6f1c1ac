//! The pods conform to the Pod Security Standard `restricted`, as the API server enforces it.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::samples::{DATABASES, LARGEST, SMALLEST};
use crate::scene::{Scene, desired};
use crate::tamper::{push, remove, set};

/// What creates the pods of a sample, as it would be applied in the namespace.
fn deployments(scene: &Scene, sample: &str) -> Result<Vec<Value>> {
    let mut app: Value = serde_saphyr::from_str(sample)?;
    set(&mut app, "/metadata/namespace", scene.name().into());
    let children = desired(&serde_json::from_value(app)?)?;
    let deployments = children.into_iter().filter(|child| ["Deployment", "StatefulSet"].contains(&child.kind.name));
    Ok(deployments.map(|child| child.body).collect())
}

/// Creates a pod from a Deployment's template, as a dry run.
pub(crate) async fn pod_is_allowed(scene: &Scene, deployment: &Value) -> Result<()> {
    let mut pod = deployment.pointer("/spec/template").cloned().context("it has a template")?;
    // The controller of a StatefulSet adds a volume for each claim.
    let claims = deployment.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    for claim in claims.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")) {
        push(&mut pod, "/spec/volumes", json!({ "name": claim, "persistentVolumeClaim": { "claimName": "claim" } }));
    }
    set(&mut pod, "/metadata/name", "pod".into());
    // Only Pod Security is tested, so the ServiceAccount needn't exist.
    remove(&mut pod, "/spec/serviceAccountName");
    let pod: Pod = serde_json::from_value(pod)?;
    scene.pods().create(&PostParams { dry_run: true, ..Default::default() }, &pod).await?;
    Ok(())
}

/// The warnings of the API server on creating a Deployment.
async fn warnings(scene: &Scene, deployment: &Value) -> Result<String> {
    let file = scene.control_plane.dir().join(format!("{}.json", scene.name()));
    std::fs::write(&file, deployment.to_string())?;
    let file = file.to_str().context("a folder name that isn't text")?;
    let mut command = tokio::process::Command::from(scene.control_plane.kubectl()?);
    let output = command.args(["create", "--dry-run=server", "--filename", file]).output().await?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn the_pods_of_the_samples_pass_the_restricted_standard() -> Result<()> {
    let scene = Scene::labelled("restricted", &[("pod-security.kubernetes.io/enforce", "restricted")]).await?;
    for sample in [SMALLEST, LARGEST, DATABASES] {
        for deployment in deployments(&scene, sample)? {
            pod_is_allowed(&scene, &deployment).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_deployments_of_the_samples_raise_no_warning() -> Result<()> {
    let scene = Scene::labelled("warned", &[("pod-security.kubernetes.io/warn", "restricted")]).await?;
    for sample in [SMALLEST, LARGEST, DATABASES] {
        for deployment in deployments(&scene, sample)? {
            assert_eq!(warnings(&scene, &deployment).await?, "");
        }
    }
    Ok(())
}

/// The two tests above would also pass if Pod Security weren't enforced.
#[tokio::test]
async fn a_pod_that_allows_privilege_escalation_is_rejected_and_warned_of() -> Result<()> {
    let labels =
        [("pod-security.kubernetes.io/enforce", "restricted"), ("pod-security.kubernetes.io/warn", "restricted")];
    let scene = Scene::labelled("escalation", &labels).await?;
    let mut deployment = deployments(&scene, SMALLEST)?.pop().context("the sample has a Deployment")?;
    let container = "/spec/template/spec/containers/0/securityContext";
    set(&mut deployment, container, json!({ "allowPrivilegeEscalation": true }));
    assert!(pod_is_allowed(&scene, &deployment).await.is_err_and(|error| error.to_string().contains("restricted")));
    assert!(warnings(&scene, &deployment).await?.contains("would violate PodSecurity"));
    Ok(())
}
