//! The independent watch on the apps: what counts is what others see, not what a contender says of itself.

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

/// Longer than any fleet takes.
const LIMIT: Duration = Duration::from_mins(15);

/// Namespace and name.
pub(crate) type Key = (String, String);

/// So little of an app is read: the watch shares the processors with those that are measured.
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

/// What was seen so far.
#[derive(Debug)]
struct State {
    in_place: HashSet<Key>,
    /// When the last of these came.
    last: Instant,
    /// How many deviations each app reports as undone.
    reverted: HashMap<Key, usize>,
}

/// A watch on all apps.
pub(crate) struct Sight {
    seen: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Sight {
    /// Begins to watch.
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

    /// Waits until so many apps have all their children; returns when the last of them had.
    pub(crate) async fn in_place(&self, apps: usize) -> Result<Instant> {
        let mut seen = self.seen.clone();
        let state = timeout(LIMIT, seen.wait_for(|state| state.in_place.len() >= apps)).await;
        let state = state.with_context(|| format!("{apps} apps are not in place in time"))??;
        Ok(state.last)
    }

    /// How many deviations an app reports as undone.
    pub(crate) fn reverted(&self, app: &Key) -> usize {
        self.seen.borrow().reverted.get(app).copied().unwrap_or_default()
    }

    /// Waits until an app reports more of them.
    pub(crate) async fn reverts_more(&self, app: &Key, than: usize) -> Result<()> {
        let mut seen = self.seen.clone();
        let more = seen.wait_for(|state| state.reverted.get(app).is_some_and(|reverted| *reverted > than));
        timeout(LIMIT, more).await.context("the deviation is not reported")??;
        Ok(())
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    /// Without a node no pod ever runs, so no app is Ready. In place is one whose status speaks of the newest spec and lists
    /// all children, each of which was found to be as declared.
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
