//! All that can be read in a namespace without the right to read Secrets, for as long as the test runs: also what is deleted meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::stream::{BoxStream, select_all};
use futures::{FutureExt, StreamExt, TryStreamExt};
use kube::api::{DynamicObject, ListParams};
use kube::discovery::{ApiGroup, ApiResource, Discovery, Scope, verbs};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use tokio::select;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::interval;

/// `podLogsDir` in the kubelet's configuration.
const LOGS: &str = "/run/node/logs";

/// The namespace of the operator.
const OPERATOR: &str = "hardened-system";

/// Pause between two readings of the logs: short compared to the time for which that of an ended container is kept.
const PAUSE: Duration = Duration::from_millis(200);

/// Texts by their places: every version of every object, and the logs.
#[derive(Default)]
pub(super) struct Found(BTreeMap<String, String>);

impl Found {
    /// The places of all texts that contain this.
    pub(super) fn places(&self, text: &str) -> Vec<&str> {
        let containing = self.0.iter().filter(|(_, found)| found.contains(text));
        containing.map(|(place, _)| place.as_str()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn add(&mut self, kind: &ApiResource, object: &DynamicObject) -> Result<()> {
        let version = object.resource_version().unwrap_or_default();
        let place = format!("{} {} {version}", kind.kind, object.name_any());
        self.0.insert(place, serde_json::to_string(object)?);
        Ok(())
    }
}

/// A search that runs.
pub(super) struct Search {
    end: oneshot::Sender<()>,
    work: JoinHandle<Result<Found>>,
}

impl Search {
    pub(super) async fn start(client: Client, namespace: &str) -> Result<Self> {
        let kinds = kinds(&client).await?;
        let (end, ended) = oneshot::channel();
        Ok(Self { end, work: tokio::spawn(read(client, namespace.to_owned(), kinds, ended)) })
    }

    /// Reads everything once more, and returns all that was found.
    pub(super) async fn end(self) -> Result<Found> {
        // It fails where the search has ended, which then says why.
        let _ = self.end.send(());
        self.work.await?
    }
}

/// All kinds that namespaces may contain, but for Secrets.
async fn kinds(client: &Client) -> Result<Vec<ApiResource>> {
    let discovery = Discovery::new(client.clone()).run().await?;
    let all = discovery.groups().flat_map(ApiGroup::recommended_resources);
    let listed = all.filter(|(kind, capabilities)| {
        let is_watched = [verbs::LIST, verbs::WATCH].iter().all(|verb| capabilities.supports_operation(verb));
        capabilities.scope == Scope::Namespaced && is_watched && kind.kind != "Secret"
    });
    Ok(listed.map(|(kind, _)| kind).collect())
}

async fn read(
    client: Client,
    namespace: String,
    kinds: Vec<ApiResource>,
    mut ended: oneshot::Receiver<()>,
) -> Result<Found> {
    let mut found = Found::default();
    let api = |kind: &ApiResource| Api::namespaced_with(client.clone(), &namespace, kind);
    // Not by lists alone: a status may be replaced between two of them.
    let mut changes = select_all(kinds.iter().map(|kind| changes(api(kind), kind)));
    let mut pace = interval(PAUSE);
    loop {
        select! {
            change = changes.try_next() => {
                let (kind, object) = change?.context("the watches have ended")?;
                found.add(&kind, &object)?;
            }
            _ = pace.tick() => logs(&namespace, &mut found)?,
            _ = &mut ended => break,
        }
    }
    for kind in &kinds {
        let objects = api(kind).list(&ListParams::default()).await;
        for object in objects.with_context(|| format!("cannot list {}", kind.plural))? {
            found.add(kind, &object)?;
        }
    }
    // What has arrived meanwhile.
    while let Some(Some(change)) = changes.next().now_or_never() {
        let (kind, object) = change?;
        found.add(&kind, &object)?;
    }
    logs(&namespace, &mut found)?;
    Ok(found)
}

/// Every version of every object of a kind.
fn changes(api: Api<DynamicObject>, kind: &ApiResource) -> BoxStream<'static, Result<(ApiResource, DynamicObject)>> {
    let kind = kind.clone();
    let objects = watcher(api, watcher::Config::default()).touched_objects();
    objects.map(move |object| Ok((kind.clone(), object?))).boxed()
}

/// The logs of all containers of a namespace and of the operator: `<namespace>_<pod>_<uid>/<container>/<restarts>.log`.
fn logs(namespace: &str, found: &mut Found) -> Result<()> {
    for pod in fs::read_dir(LOGS)? {
        let pod = pod?;
        let name = pod.file_name().to_string_lossy().into_owned();
        if ![namespace, OPERATOR].iter().any(|of| name.starts_with(&format!("{of}_"))) {
            continue;
        }
        for file in files(&pod.path()).into_iter().flat_map(|container| files(&container)) {
            // The kubelet removes the logs of pods that are gone.
            if let Ok(text) = fs::read(&file) {
                let file = file.strip_prefix(LOGS).unwrap_or(&file);
                found.0.insert(format!("log {}", file.display()), String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
    Ok(())
}

/// What a folder contains; nothing if it is gone.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
