//! An upgrade of the operator changes nothing of an app: the version of an earlier commit creates apps, this one replaces it, and records
//! what runs where the earlier one kept no record. `make upgrade FROM=<commit>` builds the earlier one and runs this.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::audit::{self, Request};
use e2e::operator::{self, Operator, page};
use e2e::{ControlPlane, Namespace, until};
use hardened_app::api::{HardenedApp, HardeningPolicy};
use hardened_app::release::FACTS;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use k8s_openapi::api::core::v1::Service;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

const SAMPLES: [&str; 2] =
    [include_str!("../../../deploy/samples/smallest.yaml"), include_str!("../../../deploy/samples/largest.yaml")];

/// For an earlier version that knows databases: what is checked before a release must not be checked now.
const DATABASES: &str = include_str!("../../../deploy/samples/databases.yaml");

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

/// The label of all objects of an app, with its name.
const PART_OF: &str = "app.kubernetes.io/part-of";

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

    /// The apps whose release is recorded.
    async fn recorded(&self) -> Result<BTreeSet<String>> {
        let records = self.namespace.api::<ControllerRevision>().list(&ListParams::default()).await?;
        let records = records.items.into_iter().filter(|record| record.annotations().contains_key(FACTS));
        Ok(records.filter_map(|record| record.labels().get(PART_OF).cloned()).collect())
    }

    /// The writes that an upgrade takes: the first entry of each app without a record. A paused one has none.
    async fn unrecorded(&self, recorded: &BTreeSet<String>) -> Result<Vec<String>> {
        let apps = self.apps.list(&ListParams::default()).await?.items.into_iter().map(|app| app.name_any());
        let unrecorded = apps.filter(|app| !recorded.contains(app) && app != "paused");
        Ok(unrecorded.map(|app| format!("patch controllerrevisions {app}-r1")).collect())
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

/// Each request as its verb, kind and name, in the order of the apps.
fn described(requests: &[Request]) -> Vec<String> {
    let described = requests.iter().map(|Request { verb, resource, subresource, name, .. }| {
        let parts = [Some(verb), Some(resource), subresource.as_ref(), name.as_ref()];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    });
    let mut described: Vec<String> = described.collect();
    described.sort();
    described
}

#[tokio::test]
async fn an_upgrade_records_what_runs_and_changes_nothing_of_it() -> Result<()> {
    let scene = Scene::open().await?;
    let earlier = Operator::start_program(&scene.control_plane, previous("hardened-app")?).await?;
    scene.lenient_policy().await?;
    let manifest = std::fs::read_to_string(previous("install.yaml")?)?;
    let databases = Some(DATABASES).filter(|_| manifest.contains("databases:"));
    for app in SAMPLES.into_iter().chain([WITHOUT_PODS]).chain(LESS_ENFORCED).chain(databases) {
        scene.create(app).await?;
    }
    scene.reported().await?;
    scene.quiet().await?;
    scene.disturb().await?;
    let before = scene.quiet().await?;
    assert!(before.len() > 20, "the earlier version has created nothing: {before:?}");
    assert!(earlier.stop().await?.success());
    let recorded = scene.recorded().await?;

    operator::install(&scene.control_plane).await?;
    let operator = Operator::start(&scene.control_plane).await?;
    scene.reconciled().await?;
    // What is asserted is that nothing else happens: for so long.
    tokio::time::sleep(REST).await;
    let after: Vec<Request> = scene.quiet().await?.into_iter().skip(before.len()).collect();
    println!("requests of the earlier version: {}, of this one: {:?}", before.len(), audit::summary(&after));
    assert_eq!(described(&after), scene.unrecorded(&recorded).await?);
    assert!(operator.stop().await?.success());

    let before = scene.quiet().await?;
    let operator = Operator::start(&scene.control_plane).await?;
    scene.reconciled().await?;
    tokio::time::sleep(REST).await;
    assert_eq!(scene.quiet().await?.split_off(before.len()), Vec::new(), "what is recorded needs no more");

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
