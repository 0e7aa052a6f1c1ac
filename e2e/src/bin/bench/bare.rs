//! The bare client: it writes what the operator would write, without reading, watching or comparing anything. The operator's
//! pure core builds the bodies, and `identical` proves that both send the same bytes.

use anyhow::{Result, anyhow, bail};
use hardened_app::api::{HardenedApp, HardenedAppStatus, MANAGER};
use hardened_app::app::{App, Policy};
use hardened_app::desired::{self, Child, Progress, Rollout};
use hardened_app::plan::{Again, Applied, ChildOutcome, ChildState, Outcome, PartProgress, Releases};
use hardened_app::release::{Gate, Kept, Record, Recorded, Reported, Revision, Situation, Target, resolved};
use hardened_app::status;
use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, ValidationDirective};
use kube::core::Request;
use kube::{Client, Resource};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::fleet::{self, Fleet};

/// The clients: the admin creates the apps, the operator's ServiceAccount writes children and statuses.
#[derive(Clone)]
pub(crate) struct Bare {
    pub(crate) admin: Client,
    pub(crate) account: Client,
}

impl Bare {
    /// Creates apps, their children and their statuses, with this number of requests in flight.
    pub(crate) async fn write(&self, fleet: &Fleet, in_flight: usize) -> Result<()> {
        let bare = self.clone();
        fleet::each(fleet.apps().to_vec(), in_flight, move |app| {
            let bare = bare.clone();
            async move { bare.write_one(&app).await }
        })
        .await
    }

    async fn write_one(&self, app: &HardenedApp) -> Result<()> {
        let app = fleet::create(&self.admin, app).await?;
        let accepted = App::accept(&app, &Policy::default());
        let accepted = accepted.map_err(|rejections| anyhow!("the app is rejected: {rejections:?}"))?;
        let children = desired::children(&Target::of(accepted.clone()));
        let first = first_release(&accepted)?;
        let recorded = Recorded { release: accepted.release.clone(), kept: Kept::of(&accepted.ungated) };
        self.apply(&accepted, &desired::entry(&accepted.id, &first, &recorded)).await?;
        for child in &children {
            self.apply(&accepted, child).await?;
        }
        self.report(accepted, &app, &children, first).await
    }

    /// Creates a child as the operator does: with a resource version that makes the API server reject the request if the object
    /// exists.
    async fn apply(&self, app: &App, child: &Child) -> Result<()> {
        let mut body = child.body.clone();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), "1".into());
        }
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            force: true,
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::default()
        };
        let url = DynamicObject::url_path(&child.kind.resource(), Some(&app.id.namespace));
        let request = Request::new(url).patch(&child.name, &parameters, &Patch::Apply(&body))?;
        self.account.request::<IgnoredAny>(request).await?;
        Ok(())
    }

    async fn report(&self, app: App, created: &HardenedApp, children: &[Child], first: Revision) -> Result<()> {
        let id = app.id.clone();
        let status = status_of(app, created, children, first);
        let patch = json!([
            { "op": "test", "path": "/metadata/uid", "value": id.uid },
            { "op": "add", "path": "/status", "value": status },
        ]);
        let patch = Patch::Json::<()>(serde_json::from_value(patch)?);
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let url = DynamicObject::url_path(&ApiResource::erase::<HardenedApp>(&()), Some(&id.namespace));
        let request = Request::new(url).patch_subresource("status", &id.name, &parameters, &patch)?;
        self.account.request::<IgnoredAny>(request).await?;
        Ok(())
    }
}

/// The entry of the record for an app that is new.
fn first_release(app: &App) -> Result<Revision> {
    let gate = Situation {
        hashes: &app.release.hashes,
        resolved: &resolved(&app.release),
        migration_pods: "",
        preflight_pods: "",
        app: &app.id.name,
        record: &Record::default(),
        jobs: &[],
        loose: None,
        rerun: None,
        reported: Reported::default(),
    };
    match gate.decide() {
        Gate::Commit(entry) => Ok(entry),
        other => bail!("the release of a new app waits: {other:?}"),
    }
}

/// The status once all children are created and no pod runs yet.
fn status_of(app: App, created: &HardenedApp, children: &[Child], first: Revision) -> HardenedAppStatus {
    let outcome = |child: &Child| ChildOutcome {
        kind: child.kind,
        name: child.name.clone(),
        part: child.part.clone(),
        hash: child.hash.clone(),
        declared: true,
        state: ChildState::InPlace,
        reverted: Vec::new(),
        open: Vec::new(),
        findings: Vec::new(),
    };
    let rollout = |replicas| Rollout { desired: replicas, ..Rollout::default() };
    let replicas = |child: &Child| child.body.pointer("/spec/replicas").and_then(Value::as_i64);
    let deployments = children.iter().filter(|child| child.kind.rolls_out());
    let progress = deployments.filter_map(|child| {
        let replicas = replicas(child).and_then(|replicas| i32::try_from(replicas).ok());
        let progress = Some(Progress::Rollout(rollout(replicas.unwrap_or_default())));
        Some((child.part.clone()?, PartProgress { progress, pods: Vec::new(), fewest: None }))
    });
    let outcome = Outcome::Applied(Box::new(Applied {
        judged: Again::Done,
        databases: Vec::new(),
        exposures: Vec::new(),
        bypass: Vec::new(),
        findings: app.findings.clone(),
        target: Target::of(app),
        progress: progress.collect(),
        children: children.iter().map(outcome).collect(),
        releases: Releases { record: Record::new(vec![first]), jobs: Vec::new(), again: Again::Done },
        refused: None,
    }));
    // The API server sets the default of the CustomResourceDefinition as the status of each new app.
    let previous = created.status.clone().unwrap_or_default();
    status::report(&previous, created.metadata.generation, &outcome, &[], Timestamp::now())
}
