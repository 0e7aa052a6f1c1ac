//! An upgrade of the operator writes nothing: the version of an earlier commit creates apps, this one replaces it. `make upgrade
//! FROM=<commit>` builds the earlier one and runs this.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::audit::{self, Request};
use e2e::operator::{self, Operator, page};
use e2e::{ControlPlane, Namespace, until};
use hardened_app::api::{HardenedApp, HardeningPolicy};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use serde_json::{Value, json};

const SAMPLES: [&str; 2] =
    [include_str!("../../../deploy/samples/smallest.yaml"), include_str!("../../../deploy/samples/largest.yaml")];

/// An app that becomes ready without a node.
const WITHOUT_PODS: &str = "
apiVersion: hardened.dev/v1alpha1
kind: HardenedApp
metadata: {name: ready}
spec: {components: [{name: web, image: 'registry.example.com/web:1', replicas: 0, ports: [{name: http, port: 8080}]}]}
";

/// A policy that lets apps ask for less enforcement.
const LENIENT: &str = "
apiVersion: hardened.dev/v1alpha1
kind: HardeningPolicy
metadata: {name: default}
spec: {drift: {allowObserve: true, allowPause: true}}
";

/// An app whose drift is only observed, and one that is paused after its creation.
const LESS_ENFORCED: [&str; 2] = [
    "
apiVersion: hardened.dev/v1alpha1
kind: HardenedApp
metadata: {name: observed}
spec: {drift: {mode: Observe}, components: [{name: web, image: 'registry.example.com/web:1', replicas: 0}]}
",
    "
apiVersion: hardened.dev/v1alpha1
kind: HardenedApp
metadata: {name: paused}
spec: {components: [{name: web, image: 'registry.example.com/web:1', replicas: 0}]}
",
];

const LIMIT: Duration = Duration::from_mins(1);
/// So long after its last request the operator has nothing left to do.
const REST: Duration = Duration::from_secs(3);

/// The folder of the earlier version: its program `hardened-app` and its `install.yaml`.
fn previous(file: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("PREVIOUS").context("PREVIOUS is not set: run `make upgrade FROM=<commit>`")?;
    Ok(PathBuf::from(folder).join(file))
}

struct Scene {
    control_plane: ControlPlane,
    namespace: Namespace,
    /// Untyped: the earlier version's status may have another form.
    apps: Api<DynamicObject>,
}

impl Scene {
    async fn open() -> Result<Self> {
        let control_plane = ControlPlane::start().await?;
        operator::install_manifest(&control_plane, &std::fs::read_to_string(previous("install.yaml")?)?).await?;
        let client = control_plane.admin_client().await?;
        let namespace = Namespace::create(&client, "upgrade").await?;
        let apps = Api::namespaced_with(client, namespace.name(), &ApiResource::erase::<HardenedApp>(&()));
        Ok(Self { control_plane, namespace, apps })
    }

    async fn create(&self, manifest: &str) -> Result<()> {
        let mut app: DynamicObject = serde_saphyr::from_str(manifest)?;
        app.metadata.namespace = Some(self.namespace.name().to_owned());
        self.apps.create(&PostParams::default(), &app).await?;
        Ok(())
    }

    async fn lenient_policy(&self) -> Result<()> {
        let client = self.control_plane.admin_client().await?;
        let policies: Api<DynamicObject> = Api::all_with(client, &ApiResource::erase::<HardeningPolicy>(&()));
        policies.create(&PostParams::default(), &serde_saphyr::from_str(LENIENT)?).await?;
        Ok(())
    }

    /// Leaves a deviation that is only observed, and pauses an app.
    async fn disturb(&self) -> Result<()> {
        let deployments: Api<Deployment> = self.namespace.api();
        let scaled = Patch::Merge(json!({ "spec": { "replicas": 1 } }));
        deployments.patch("observed-web", &PatchParams::default(), &scaled).await?;
        let paused = Patch::Merge(json!({ "metadata": { "annotations": { "hardened.dev/paused": "true" } } }));
        self.apps.patch("paused", &PatchParams::default(), &paused).await?;
        until("both are reported", LIMIT, async || {
            let finding = |app: &DynamicObject| app.data.pointer("/status/findings").map(ToString::to_string);
            let observed = self.apps.get("observed").await?;
            let open = observed.data.pointer("/status/drift/open/0").is_some();
            let paused = finding(&self.apps.get("paused").await?).is_some_and(|text| text.contains("drift-not-undone"));
            Ok((open && paused).then_some(()))
        })
        .await
    }

    /// All requests of the operator in the namespace, once there was none for a while.
    async fn quiet(&self) -> Result<Vec<Request>> {
        until("the operator has nothing to do", LIMIT, async || {
            let log = self.control_plane.audit_log();
            let requests = audit::requests(&log, self.namespace.name(), operator::USER)?;
            let last = requests.last().map(|request| Timestamp::now().duration_since(request.time));
            Ok(last.is_some_and(|since| since.unsigned_abs() > REST).then_some(requests))
        })
        .await
    }

    /// Waits until every app has a status of its spec.
    async fn reported(&self) -> Result<()> {
        until("every app has a status", LIMIT, async || {
            let apps = self.apps.list(&ListParams::default()).await?.items;
            let seen = |app: &DynamicObject| {
                app.data.pointer("/status/observedGeneration").and_then(Value::as_i64) == app.metadata.generation
            };
            Ok(apps.iter().all(seen).then_some(()))
        })
        .await
    }

    /// Waits until the operator has reconciled every app.
    async fn reconciled(&self) -> Result<()> {
        let apps = self.apps.list(&ListParams::default()).await?.items.len();
        until("every app is reconciled", LIMIT, async || {
            let (_, metrics) = page(&self.control_plane, "/metrics").await?;
            let counts = metrics.lines().filter(|line| {
                line.starts_with("controller_runtime_reconcile_total{") && line.contains("result=\"success\"")
            });
            let count: f64 = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
            Ok((count >= f64::from(u32::try_from(apps)?)).then_some(()))
        })
        .await
    }
}

#[tokio::test]
async fn an_upgrade_writes_nothing() -> Result<()> {
    let scene = Scene::open().await?;
    let earlier = Operator::start_program(&scene.control_plane, previous("hardened-app")?).await?;
    scene.lenient_policy().await?;
    for manifest in SAMPLES.into_iter().chain([WITHOUT_PODS]).chain(LESS_ENFORCED) {
        scene.create(manifest).await?;
    }
    scene.reported().await?;
    scene.quiet().await?;
    scene.disturb().await?;
    let before = scene.quiet().await?;
    assert!(before.len() > 20, "the earlier version has created nothing: {before:?}");
    assert!(earlier.stop().await?.success());

    operator::install(&scene.control_plane).await?;
    let operator = Operator::start(&scene.control_plane).await?;
    scene.reconciled().await?;
    // What is asserted is that nothing happens: for so long.
    tokio::time::sleep(REST).await;
    let after: Vec<Request> = scene.quiet().await?.into_iter().skip(before.len()).collect();
    println!("requests of the earlier version: {}, of this one: {}", before.len(), after.len());
    assert_eq!(after, Vec::new());

    // It does keep them.
    let services: Api<Service> = scene.namespace.api();
    let opened = Patch::Merge(json!({ "spec": { "type": "NodePort" } }));
    services.patch("ready-web", &PatchParams::default(), &opened).await?;
    until("the change is reverted", LIMIT, async || {
        let service = services.get("ready-web").await?;
        Ok((service.spec.and_then(|spec| spec.type_).as_deref() == Some("ClusterIP")).then_some(()))
    })
    .await?;
    assert!(operator.stop().await?.success());
    Ok(())
}
