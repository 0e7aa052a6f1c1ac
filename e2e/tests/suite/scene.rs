//! A namespace with apps, reconciled by the operator of this run.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use e2e::audit::{self, Request};
use e2e::{ControlPlane, Namespace, operator, until};
use hardened_app::api::{DriftItem, HardenedApp, HardenedAppStatus};
use hardened_app::app::{App, Enforcement, Policy};
use hardened_app::desired::{self, Care, Child, KINDS, Kind, Stage};
use hardened_app::plan::{self, Basis, Verdict};
use hardened_app::release::Target;
use jiff::Timestamp;
use k8s_openapi::api::core::v1;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::message::says_so;
use crate::wait::{LIMIT, wait_until};

/// The operator counts as idle this long after its last request: longer than it waits between any two writes.
const REST: Duration = Duration::from_secs(2);

/// One component without pods: its rollout is complete without a node.
pub(crate) const WEB: &str = "
- name: web
  image: registry.example.com/hello:1.0.0
  replicas: 0
  ports: [{name: http, port: 8080}]
";

/// The same with autoscaling. It doesn't become ready, because the minimum is one pod and there is no node.
pub(crate) fn autoscaled() -> String {
    WEB.replace("replicas: 0", "autoscaling: {min: 1, max: 3, cpu: 80}")
}

/// Every difference counts as drift, so that none counts as a leftover of an earlier apply by the operator.
pub(crate) const VERIFIED: Basis = Basis { verified: true, listed: true, updated: false };

/// The kinds of the children that exist for as long as an app, exposed or not.
fn kept_kinds() -> impl Iterator<Item = &'static Kind> + Clone {
    let kept = |kind: &&Kind| kind.care == Care::Apply && kind.stage != Stage::Entry && kind.name != "Job";
    KINDS.iter().filter(kept)
}

/// The kinds of the children of [`WEB`]: all but the autoscaler and what runs databases.
pub(crate) fn web_kinds() -> impl Iterator<Item = &'static Kind> + Clone {
    kept_kinds().filter(|kind| ![AUTOSCALER, STATEFUL_SET].contains(&kind.name))
}

/// The kinds of the children of a managed database.
pub(crate) fn database_kinds() -> impl Iterator<Item = &'static Kind> + Clone {
    kept_kinds().filter(|kind| ![AUTOSCALER, "Deployment"].contains(&kind.name))
}

/// The child kind that [`WEB`] doesn't have: with an autoscaler no rollout is complete without a node.
pub(crate) const AUTOSCALER: &str = "HorizontalPodAutoscaler";

/// The child kind that runs managed databases.
pub(crate) const STATEFUL_SET: &str = "StatefulSet";

/// A namespace with apps.
pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) control_plane: ControlPlane,
    namespace: Namespace,
}

impl Scene {
    /// A new namespace of the shared control plane.
    pub(crate) async fn open(prefix: &str) -> Result<Self> {
        Self::labelled(prefix, &[]).await
    }

    pub(crate) async fn labelled(prefix: &str, labels: &[(&str, &str)]) -> Result<Self> {
        Self::on(ControlPlane::shared()?, prefix, labels).await
    }

    /// A new namespace of a control plane.
    pub(crate) async fn on(control_plane: ControlPlane, prefix: &str, labels: &[(&str, &str)]) -> Result<Self> {
        let client = control_plane.admin_client().await?;
        let namespace = Namespace::labelled(&client, prefix, labels).await?;
        Ok(Self { client, control_plane, namespace })
    }

    pub(crate) fn name(&self) -> &str {
        self.namespace.name()
    }

    pub(crate) fn apps(&self) -> Api<HardenedApp> {
        self.namespace.api()
    }

    /// The objects of one of the child kinds.
    pub(crate) fn objects(&self, kind: &str) -> Result<Api<DynamicObject>> {
        let kind = KINDS.iter().find(|row| row.name == kind).with_context(|| format!("{kind} is no child kind"))?;
        Ok(Api::namespaced_with(self.client.clone(), self.name(), &kind.resource()))
    }

    /// Creates an app from the YAML of its components.
    pub(crate) async fn create(&self, name: &str, components: &str) -> Result<HardenedApp> {
        let components: Value = serde_saphyr::from_str(components)?;
        let app = json!({ "metadata": { "name": name }, "spec": { "components": components } });
        self.create_from(app).await
    }

    /// Creates an app from a manifest, in this namespace.
    pub(crate) async fn create_from(&self, mut manifest: Value) -> Result<HardenedApp> {
        crate::tamper::set(&mut manifest, "/metadata/namespace", self.name().into());
        let app = serde_json::from_value(manifest)?;
        Ok(self.apps().create(&PostParams::default(), &app).await?)
    }

    /// Replaces the components of an app.
    pub(crate) async fn change(&self, name: &str, components: &str) -> Result<HardenedApp> {
        let components: Value = serde_saphyr::from_str(components)?;
        let patch = Patch::Merge(json!({ "spec": { "components": components } }));
        Ok(self.apps().patch(name, &PatchParams::default(), &patch).await?)
    }

    /// Waits until `check` returns a value for a status of the app's current generation.
    pub(crate) async fn reported<T>(
        &self,
        name: &str,
        what: &str,
        mut check: impl FnMut(&HardenedAppStatus) -> Option<T>,
    ) -> Result<T> {
        wait_until(&self.apps(), name, what, |app| {
            let app = app?;
            let status = app.status.as_ref()?;
            (status.observed_generation == app.metadata.generation).then(|| check(status)).flatten()
        })
        .await
    }

    /// Waits until a condition has this status and reason; returns its message.
    pub(crate) async fn condition(&self, name: &str, kind: &str, status: &str, reason: &str) -> Result<String> {
        self.condition_saying(name, kind, status, reason, "").await
    }

    /// Waits until a condition has this status and reason, and a message with these pieces, separated by `…`; returns the
    /// message.
    pub(crate) async fn condition_saying(
        &self,
        name: &str,
        kind: &str,
        status: &str,
        reason: &str,
        says: &str,
    ) -> Result<String> {
        self.reported(name, &format!("{kind}={status}/{reason}: {says}"), |reported| {
            let mut conditions = reported.conditions.iter();
            let found = conditions.find(|condition| condition.type_ == kind)?;
            let matches = found.status == status && found.reason == reason && says_so(&found.message, says);
            matches.then(|| found.message.clone())
        })
        .await
    }

    /// Creates an app and waits until it is ready.
    pub(crate) async fn ready(&self, name: &str, components: &str) -> Result<HardenedApp> {
        self.create(name, components).await?;
        self.condition(name, "Ready", "True", "Available").await?;
        Ok(self.apps().get(name).await?)
    }

    /// Waits until the status lists all children of an app, whether or not its pods are ready; returns the children.
    pub(crate) async fn in_place(&self, name: &str) -> Result<Vec<Child>> {
        let children = desired(&self.apps().get(name).await?)?;
        self.reported(name, "all children are in place", |status| {
            (status.children.len() == children.len()).then_some(())
        })
        .await?;
        Ok(children)
    }

    /// Waits until the status lists a deviation as reverted.
    pub(crate) async fn reverted(
        &self,
        app: &str,
        what: &str,
        is_it: impl Fn(&DriftItem) -> bool,
    ) -> Result<DriftItem> {
        self.reported(app, &format!("{what} is reverted"), |status| {
            status.drift.reverted.iter().find(|item| is_it(item)).cloned()
        })
        .await
    }

    /// Waits until `check` returns a value for an object.
    pub(crate) async fn object<T>(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        mut check: impl FnMut(&Value) -> Option<T>,
    ) -> Result<T> {
        wait_until(&self.objects(kind)?, name, &format!("{kind} {name}: {what}"), |object| {
            check(&serde_json::to_value(object?).ok()?)
        })
        .await
    }

    pub(crate) async fn gone(&self, kind: &str, name: &str) -> Result<()> {
        wait_until(&self.objects(kind)?, name, &format!("{kind} {name} is gone"), |object| {
            object.is_none().then_some(())
        })
        .await
    }

    /// The object as it is now; null if there is none.
    pub(crate) async fn live(&self, kind: &str, name: &str) -> Result<Value> {
        Ok(serde_json::to_value(self.objects(kind)?.get_opt(name).await?)?)
    }

    /// The verdict of the plan on the app's first child of a kind, with [`VERIFIED`].
    pub(crate) async fn verdict(&self, app: &str, kind: &str) -> Result<Verdict> {
        let app = self.apps().get(app).await?;
        let child = desired(&app)?.into_iter().find(|child| child.kind.name == kind);
        let child = child.with_context(|| format!("the app declares no {kind}"))?;
        let live = self.live(kind, &child.name).await?;
        let uid = app.metadata.uid.as_deref().unwrap_or_default();
        Ok(plan::judge(&child, uid, &live, VERIFIED, &Enforcement::default()))
    }

    /// UID and resource version of an object: equal as long as no client writes to it.
    pub(crate) async fn version(&self, kind: &str, name: &str) -> Result<(String, String)> {
        let metadata = self.objects(kind)?.get(name).await?.metadata;
        metadata.uid.zip(metadata.resource_version).context("a stored object has both")
    }

    pub(crate) async fn delete(&self, kind: &str, name: &str) -> Result<()> {
        self.objects(kind)?.delete(name, &DeleteParams::background()).await?;
        Ok(())
    }

    /// Waits until the operator is idle; returns all its requests in this namespace.
    pub(crate) async fn quiet(&self) -> Result<Vec<Request>> {
        until("the operator is idle", LIMIT, async || {
            let requests = self.requests()?;
            let since = requests.last().map(|request| Timestamp::now().duration_since(request.time));
            Ok(since.is_none_or(|since| since.unsigned_abs() > REST).then_some(requests))
        })
        .await
    }

    /// All requests of the operator in this namespace, without watches and Events.
    pub(crate) fn requests(&self) -> Result<Vec<Request>> {
        let mut requests = audit::requests(&self.control_plane.audit_log(), self.name(), operator::USER)?;
        requests.retain(|request| request.resource != "events");
        Ok(requests)
    }

    /// `kubectl` in this namespace; returns what it printed.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::from(self.control_plane.kubectl()?);
        let output = command.args(["--namespace", self.name()]).args(arguments).output().await?;
        if !output.status.success() {
            bail!("kubectl {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sets or removes a label of the namespace.
    pub(crate) async fn label(&self, label: &str, value: Option<&str>) -> Result<()> {
        let namespaces = Api::<v1::Namespace>::all(self.client.clone());
        let patch = Patch::Merge(json!({ "metadata": { "labels": { label: value } } }));
        namespaces.patch(self.name(), &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// The Events of the namespace.
    pub(crate) fn events(&self) -> Api<Event> {
        self.namespace.api()
    }

    /// The pods of the namespace.
    pub(crate) fn pods(&self) -> Api<v1::Pod> {
        self.namespace.api()
    }
}

/// The children that an app declares under the built-in policy.
pub(crate) fn desired(app: &HardenedApp) -> Result<Vec<Child>> {
    let accepted = App::accept(app, &Policy::default());
    let app = accepted.map_err(|rejections| anyhow::anyhow!("the app is rejected: {rejections:?}"))?;
    Ok(desired::children(&Target::of(app)))
}
