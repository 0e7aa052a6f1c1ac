//! The demo's app: creates it and reads its status, its children and its requests.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use e2e::audit::{self, Request};
use e2e::{ControlPlane, operator, until};
use hardened_app::api::{ConditionType, DriftItem, HardenedApp, HardenedAppStatus, Reason};
use hardened_app::desired::{KINDS, Kind, Presence};
use kube::api::{DynamicObject, ListParams};
use kube::{Api, Client};
use serde_json::Value;

use crate::kubectl::{Kubectl, REPOSITORY};
use crate::table;

pub(crate) const NAMESPACE: &str = "demo";
pub(crate) const APP: &str = "hello";
const SAMPLE: &str = "deploy/samples/smallest.yaml";

/// Far more than is needed, for machines under load.
const LIMIT: Duration = Duration::from_secs(30);

/// Fields of the Deployment that the operator sets, as label and JSON pointer. The sample doesn't mention them.
const HARDENED: [(&str, &str); 8] = [
    ("user id", "/spec/template/spec/containers/0/securityContext/runAsUser"),
    ("may gain privileges", "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation"),
    ("kernel capabilities dropped", "/spec/template/spec/containers/0/securityContext/capabilities/drop"),
    ("root file system is read-only", "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem"),
    ("system call filter", "/spec/template/spec/securityContext/seccompProfile/type"),
    ("token for the API server", "/spec/template/spec/automountServiceAccountToken"),
    ("privileged", "/spec/template/spec/containers/0/securityContext/privileged"),
    ("limits", "/spec/template/spec/containers/0/resources/limits"),
];

/// The app `hello` on its control plane.
pub(crate) struct App<'a> {
    control_plane: &'a ControlPlane,
    client: Client,
}

impl<'a> App<'a> {
    pub(crate) async fn new(control_plane: &'a ControlPlane) -> Result<Self> {
        Ok(Self { control_plane, client: control_plane.admin_client().await? })
    }

    /// Applies the sample and prints the children that the operator creates for it.
    pub(crate) async fn create(&self, kubectl: &Kubectl<'_>) -> Result<()> {
        let sample = Path::new(REPOSITORY).join(SAMPLE);
        println!("   $ cat {SAMPLE}");
        let text = std::fs::read_to_string(&sample).with_context(|| format!("cannot read {}", sample.display()))?;
        text.lines().for_each(|line| println!("   {line}"));
        kubectl.run(&["create", "namespace", NAMESPACE]).await?;
        kubectl.run(&["apply", "-f", SAMPLE]).await?;
        let status = wait("all objects of the app are in place", async || {
            let status = self.status().await?;
            // If a child failed, the reason would differ; without a node the app stays in this state.
            Ok(has(&status, ConditionType::Ready, Reason::RolloutInProgress).then_some(status))
        })
        .await?;
        println!(
            "\n   The operator created {} objects for it, the ServiceAccount and the NetworkPolicy before the Deployment:",
            status.children.len()
        );
        let kinds = KINDS.iter().filter(|kind| kind.presence == Presence::Always);
        let kinds: Vec<&str> = kinds.map(|kind| kind.plural).collect();
        kubectl
            .run(&["-n", NAMESPACE, "get", &kinds.join(","), "-l", "app.kubernetes.io/part-of=hello", "-o", "name"])
            .await?;
        println!("\n   Some fields that the operator set and the sample doesn't mention:");
        let deployment = self.child("Deployment", "hello-web").await?.context("no Deployment hello-web")?;
        let shown = |pointer| deployment.pointer(pointer).map_or_else(|| "not set".to_owned(), Value::to_string);
        table::print(&HARDENED.map(|(label, pointer)| [label.to_owned(), shown(pointer)]));
        Ok(())
    }

    /// Prints the final state: the app, its Events, the reverted drift and the operator's requests.
    pub(crate) async fn summary(&self, kubectl: &Kubectl<'_>) -> Result<()> {
        wait("no deviation is left", async || {
            let status = self.status().await?;
            Ok(has(&status, ConditionType::InSync, Reason::Reverted).then_some(()))
        })
        .await?;
        kubectl.run(&["-n", NAMESPACE, "get", "happ"]).await?;
        let (app, columns) = (format!("involvedObject.name={APP}"), "custom-columns=REASON:.reason,MESSAGE:.message");
        println!();
        kubectl.run(&["-n", NAMESPACE, "get", "events", "--field-selector", &app, "-o", columns]).await?;
        let drift = self.status().await?.drift;
        println!("\n   status.drift.reverted, newest first:");
        print_drift(&drift.reverted);
        if !drift.open.is_empty() {
            print_drift(&drift.open);
            bail!("the above is still open");
        }
        println!(
            "\n   All requests of the operator in namespace {NAMESPACE}, without watches, from the API server's audit log:"
        );
        let counts = audit::summary(&self.requests(operator::USER)?);
        table::print(&counts.into_iter().map(|(what, count)| [count.to_string(), what]).collect::<Vec<_>>());
        Ok(())
    }

    pub(crate) async fn status(&self) -> Result<HardenedAppStatus> {
        self.status_of(APP).await
    }

    /// The status of an app of the demo's namespace.
    pub(crate) async fn status_of(&self, name: &str) -> Result<HardenedAppStatus> {
        self.status_in(NAMESPACE, name).await
    }

    /// The status of an app.
    pub(crate) async fn status_in(&self, namespace: &str, name: &str) -> Result<HardenedAppStatus> {
        let apps: Api<HardenedApp> = Api::namespaced(self.client.clone(), namespace);
        Ok(apps.get(name).await?.status.unwrap_or_default())
    }

    /// The live objects of a kind.
    pub(crate) async fn objects_in(&self, namespace: &str, kind: &Kind) -> Result<Vec<Value>> {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &kind.resource());
        let objects = api.list(&ListParams::default()).await?.items.into_iter();
        Ok(objects.map(serde_json::to_value).collect::<Result<_, _>>()?)
    }

    /// The live child, if it exists.
    pub(crate) async fn child(&self, of_kind: &str, name: &str) -> Result<Option<Value>> {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), NAMESPACE, &kind(of_kind)?.resource());
        Ok(api.get_opt(name).await?.map(serde_json::to_value).transpose()?)
    }

    /// The requests of a user in the app's namespace.
    pub(crate) fn requests(&self, user: &str) -> Result<Vec<Request>> {
        audit::requests(&self.control_plane.audit_log(), NAMESPACE, user)
    }
}

fn has(status: &HardenedAppStatus, kind: ConditionType, reason: Reason) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|condition| condition.type_ == kind.as_str() && condition.reason == reason.as_str())
}

/// Waits until `check` returns a value; fails the demo after [`LIMIT`].
pub(crate) async fn wait<T>(what: &str, check: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    until(what, LIMIT, check).await
}

/// The entry of a kind in the table of child kinds.
pub(crate) fn kind(name: &str) -> Result<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name).with_context(|| format!("{name} is no kind of child"))
}

/// Prints one deviation per line.
pub(crate) fn print_drift(items: &[DriftItem]) {
    let rows: Vec<[String; 5]> = items
        .iter()
        .map(|item| {
            let values = match (item.desired.as_str(), item.live.as_str()) {
                ("", "") => String::new(),
                ("", live) => live.to_owned(),
                (desired, live) => format!("{desired} -> {live}"),
            };
            let by = if item.manager.is_empty() { String::new() } else { format!("by {}", item.manager) };
            [format!("{} {}", item.kind, item.name), format!("{:?}", item.change), item.path.clone(), values, by]
        })
        .collect();
    table::print(&rows);
}
