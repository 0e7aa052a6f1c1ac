//! A watch on the apps by a separate client: laps end when this client receives the status, not when a contender reports success.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::{StreamExt, pin_mut};
use hardened_app::api::HardenedApp;
use kube::api::ApiResource;
use kube::core::Object;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::fleet::CHILDREN;

/// Longer than any fleet needs.
const LIMIT: Duration = Duration::from_mins(15);

/// Namespace and name.
pub(crate) type Key = (String, String);

/// The few fields that are read. The watch shares the processors with the measured programs, so it deserializes little.
type Seen = Object<Nothing, Status>;

#[derive(Clone, Debug, Deserialize)]
struct Nothing {}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    observed_generation: Option<i64>,
    #[serde(default)]
    children: Vec<IgnoredAny>,
    #[serde(default)]
    drift: Drift,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Drift {
    #[serde(default)]
    reverted: Vec<IgnoredAny>,
}

/// What the watch has received so far.
#[derive(Debug)]
struct State {
    in_place: HashSet<Key>,
    /// When the last app was added to `in_place`.
    last: Instant,
    /// The number of deviations that each app reports as reverted.
    reverted: HashMap<Key, usize>,
}

/// A watch on all apps.
pub(crate) struct Sight {
    seen: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Sight {
    /// Starts the watch.
    pub(crate) fn on(client: &Client) -> Self {
        let state = State { in_place: HashSet::new(), last: Instant::now(), reverted: HashMap::new() };
        let (sender, seen) = watch::channel(state);
        let api = Api::<Seen>::all_with(client.clone(), &ApiResource::erase::<HardenedApp>(&()));
        let task = tokio::spawn(async move {
            let events = watcher(api, watcher::Config::default()).default_backoff();
            pin_mut!(events);
            while let Some(event) = events.next().await {
                if let Ok(Event::Apply(app) | Event::InitApply(app)) = event {
                    sender.send_modify(|state| state.take_in(&app));
                }
            }
        });
        Self { seen, task }
    }

    /// Waits until this number of apps have all their children; returns the time at which the last of them had.
    pub(crate) async fn in_place(&self, apps: usize) -> Result<Instant> {
        let mut seen = self.seen.clone();
        let state = timeout(LIMIT, seen.wait_for(|state| state.in_place.len() >= apps)).await;
        let state = state.with_context(|| format!("{apps} apps were not in place in time"))??;
        Ok(state.last)
    }

    /// The number of deviations that an app reports as reverted.
    pub(crate) fn reverted(&self, app: &Key) -> usize {
        self.seen.borrow().reverted.get(app).copied().unwrap_or_default()
    }

    /// Waits until an app reports more reverted deviations than this.
    pub(crate) async fn reverts_more(&self, app: &Key, than: usize) -> Result<()> {
        let mut seen = self.seen.clone();
        let more = seen.wait_for(|state| state.reverted.get(app).is_some_and(|reverted| *reverted > than));
        timeout(LIMIT, more).await.context("the app did not report the deviation")??;
        Ok(())
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    /// Without a node no pod runs, so no app becomes Ready. An app counts as in place when its status has the generation of
    /// its spec and lists all children.
    fn take_in(&mut self, app: &Seen) {
        let Some(status) = &app.status else { return };
        let key = (app.namespace().unwrap_or_default(), app.name_any());
        self.reverted.insert(key.clone(), status.drift.reverted.len());
        let current = status.observed_generation == app.metadata.generation;
        if current && status.children.len() == CHILDREN && self.in_place.insert(key) {
            self.last = Instant::now();
        }
    }
}
