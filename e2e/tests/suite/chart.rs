//! The Helm chart: the API server validates what it renders, and Helm keeps the apps when it uninstalls the operator.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use e2e::ControlPlane;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::ListParams;
use serde_json::Value;

use crate::pod_security::pod_is_allowed;
use crate::scene::Scene;

const CHART: &str = "charts/hardened-app";

const IMAGE: &str = "image.repository=registry.example.com/hardened-app";

async fn run(program: Command, arguments: &[&str]) -> Result<Output> {
    Ok(tokio::process::Command::from(program).args(arguments).output().await?)
}

/// The output of a command that must succeed.
async fn printed(program: Command, arguments: &[&str]) -> Result<String> {
    let Output { status, stdout, stderr } = run(program, arguments).await?;
    ensure!(status.success(), "{}: {}", arguments.join(" "), String::from_utf8_lossy(&stderr));
    Ok(String::from_utf8(stdout)?)
}

/// The error message of `helm template`, which must fail.
async fn refused(control_plane: &ControlPlane, values: &[&str]) -> Result<String> {
    let Output { status, stderr, .. } = run(control_plane.helm()?, &template("default", values)).await?;
    ensure!(!status.success(), "helm template accepts {values:?}");
    Ok(String::from_utf8(stderr)?)
}

fn template<'a>(namespace: &'a str, values: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["template", "hardened-app", CHART, "--namespace", namespace];
    arguments.extend(values.iter().flat_map(|value| ["--set", value]));
    arguments
}

/// Renders the chart and applies it as a dry run with strict validation; returns the objects.
async fn accepted(scene: &Scene, values: &[&str]) -> Result<Vec<Value>> {
    let rendered = printed(scene.control_plane.helm()?, &template(scene.name(), values)).await?;
    let file = scene.control_plane.dir().join(format!("{}.yaml", scene.name()));
    std::fs::write(&file, &rendered)?;
    let file = file.to_str().context("a folder name that isn't text")?;
    // By force: the suite has installed the same objects as another field manager.
    let flags = ["--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "--filename", file];
    printed(scene.control_plane.kubectl()?, &[&["apply"], flags.as_slice()].concat()).await?;
    Ok(serde_saphyr::from_multiple(&rendered)?)
}

fn kinds<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object.get("kind") == Some(&kind.into())).collect()
}

#[tokio::test]
async fn the_server_accepts_the_chart_and_the_pod_passes_the_restricted_standard() -> Result<()> {
    let scene = Scene::labelled("chart", &[("pod-security.kubernetes.io/enforce", "restricted")]).await?;
    for values in [&[IMAGE][..], &[IMAGE, "platform=OpenShift", "priorityClassName=system-cluster-critical"]] {
        let objects = accepted(&scene, values).await?;
        assert_eq!(kinds(&objects, "ClusterRoleBinding").len(), 2, "both roles are bound in all namespaces");
        let deployments = kinds(&objects, "Deployment");
        pod_is_allowed(&scene, deployments.first().context("the chart has a Deployment")?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn write_access_can_be_limited_to_namespaces() -> Result<()> {
    let (scene, other) = (Scene::open("confined").await?, Scene::open("confined").await?);
    let namespaces = format!("rbac.namespaces={{{},{}}}", scene.name(), other.name());
    let objects = accepted(&scene, &[IMAGE, &namespaces]).await?;
    let roles = |kind| -> Vec<_> {
        let bindings = kinds(&objects, kind).into_iter();
        bindings.map(|binding| [binding.pointer("/metadata/namespace"), binding.pointer("/roleRef/name")]).collect()
    };
    assert_eq!(roles("ClusterRoleBinding"), [[None, Some(&"hardened-app-read".into())]]);
    let write = Some(&Value::from("hardened-app-write"));
    let own = [Some(&Value::from(scene.name())), Some(&"hardened-app-election".into())];
    let mut bound = roles("RoleBinding");
    assert_eq!(bound.pop_if(|binding| *binding == own), Some(own), "the lease is in its own namespace");
    assert_eq!(bound, [[Some(&scene.name().into()), write], [Some(&other.name().into()), write]]);
    Ok(())
}

#[tokio::test]
async fn optional_values_can_be_changed() -> Result<()> {
    let scene = Scene::open("values").await?;
    let digest = format!("image.digest=sha256:{}", "a".repeat(64));
    let values = [
        IMAGE,
        &digest,
        "image.pullSecrets={registry}",
        "tolerations[0].operator=Exists",
        "nodeSelector.pool=system",
        "networkPolicy.scrapers[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=monitoring",
        "crds.keep=false",
    ];
    let objects = accepted(&scene, &values).await?;
    for definition in kinds(&objects, "CustomResourceDefinition") {
        assert_eq!(definition.pointer("/metadata/annotations"), None);
    }
    let policies = kinds(&objects, "NetworkPolicy");
    assert_eq!(policies[0].pointer("/spec/ingress/0/ports/0/port"), Some(&8080.into()));
    let pod = kinds(&objects, "Deployment")[0].pointer("/spec/template/spec").context("a pod")?;
    assert_eq!(pod.pointer("/containers/0/imagePullPolicy"), Some(&"IfNotPresent".into()));
    assert_eq!(pod.pointer("/nodeSelector/kubernetes.io~1os"), Some(&"linux".into()));

    assert_eq!(kinds(&objects, "PodDisruptionBudget").len(), 1, "one of two pods may be evicted");
    let single = accepted(&scene, &[IMAGE, "replicas=1"]).await?;
    assert!(kinds(&single, "PodDisruptionBudget").is_empty(), "it could only forbid to drain the node");

    let off = ["crds.enabled=false", "metrics.service.enabled=false", "networkPolicy.enabled=false"];
    let objects = accepted(&scene, &[&[IMAGE], off.as_slice()].concat()).await?;
    for kind in ["CustomResourceDefinition", "Service", "NetworkPolicy"] {
        assert!(kinds(&objects, kind).is_empty(), "{kind} can be left out");
    }
    Ok(())
}

/// Helm parses and serializes the definitions; that must not change them.
#[tokio::test]
async fn the_rendered_definitions_equal_those_of_the_operator() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    let rendered = printed(control_plane.helm()?, &template("default", &[IMAGE])).await?;
    let objects: Vec<Value> = serde_saphyr::from_multiple(&rendered)?;
    let mut definitions = Vec::new();
    for object in kinds(&objects, "CustomResourceDefinition") {
        let mut definition: CustomResourceDefinition = serde_json::from_value(object.clone())?;
        let annotations = definition.metadata.annotations.take();
        assert_eq!(annotations, Some([("helm.sh/resource-policy".to_owned(), "keep".to_owned())].into()));
        definitions.push(definition);
    }
    assert!(definitions == hardened_app::api::crds(), "the chart's definitions are stale: run `make generate`");
    Ok(())
}

#[tokio::test]
async fn a_wrong_value_is_rejected_by_name() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    printed(control_plane.helm()?, &["lint", "--strict", CHART]).await?;
    assert!(refused(&control_plane, &[]).await?.contains("set image.repository to an image of your own build"));
    for (value, named) in [("replicas=0", "/replicas"), ("image.tga=1", "tga"), ("image.tag=latest", "/image/tag")] {
        let message = refused(&control_plane, &[IMAGE, value]).await?;
        assert!(message.contains(named), "{value}: {message}");
    }
    Ok(())
}

/// On a control plane with apps, where the operator was installed from the manifest: Helm takes ownership of the objects and
/// upgrades them; uninstalling keeps the CustomResourceDefinitions and the apps.
pub(crate) async fn helm_takes_ownership_and_keeps_the_apps(scene: &Scene) -> Result<()> {
    let control_plane = &scene.control_plane;
    let system = ["--namespace", "hardened-system"];
    let values = ["--set", IMAGE, "--take-ownership", "--force-conflicts"];
    printed(control_plane.helm()?, &[&["install", "hardened-app", CHART], system.as_slice(), &values].concat()).await?;
    let more = ["--set", "logLevel=debug"];
    printed(
        control_plane.helm()?,
        &[&["upgrade", "hardened-app", CHART], system.as_slice(), &values[..2], &more].concat(),
    )
    .await?;
    let deployments: Api<Deployment> = Api::namespaced(scene.client.clone(), "hardened-system");
    let deployment = serde_json::to_value(deployments.get("hardened-app").await?)?;
    assert_eq!(deployment.pointer("/spec/template/spec/containers/0/env/0/value"), Some(&"debug".into()));

    let apps = scene.apps().list_metadata(&ListParams::default()).await?.items.len();
    printed(control_plane.helm()?, &[&["uninstall", "hardened-app"], system.as_slice()].concat()).await?;
    assert!(deployments.get_opt("hardened-app").await?.is_none_or(|gone| gone.metadata.deletion_timestamp.is_some()));
    let roles: Api<ClusterRole> = Api::all(scene.client.clone());
    assert!(roles.get_opt("hardened-app-write").await?.is_none());
    let definitions: Api<CustomResourceDefinition> = Api::all(scene.client.clone());
    for definition in hardened_app::api::crds() {
        let kept = definitions.get(&definition.metadata.name.unwrap_or_default()).await?;
        assert_eq!(kept.metadata.deletion_timestamp, None);
    }
    assert!(apps > 0);
    assert_eq!(scene.apps().list_metadata(&ListParams::default()).await?.items.len(), apps);
    Ok(())
}
