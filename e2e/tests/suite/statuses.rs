//! Records every status of an app by a separate watch.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use e2e::until;
use futures::{StreamExt, pin_mut};
use hardened_app::api::{HardenedApp, HardenedAppStatus};
use kube::Api;
use kube::runtime::watcher::{Config, Event, watcher};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::wait::LIMIT;

/// A running recording; dropping it ends it.
pub(crate) struct Statuses {
    seen: Arc<Mutex<Vec<HardenedAppStatus>>>,
    task: JoinHandle<()>,
    api: Api<HardenedApp>,
    name: String,
}

impl Statuses {
    /// Starts recording; returns when the watch has started, so that no later status is missed.
    pub(crate) async fn record(api: &Api<HardenedApp>, name: &str) -> Result<Self> {
        let seen = Arc::<Mutex<Vec<HardenedAppStatus>>>::default();
        let (started, start) = oneshot::channel();
        let task = tokio::spawn(follow(api.clone(), name.to_owned(), seen.clone(), started));
        start.await.context("the watch ended")?;
        Ok(Self { seen, task, api: api.clone(), name: name.to_owned() })
    }

    /// The statuses so far, without consecutive duplicates.
    pub(crate) async fn all(&self) -> Result<Vec<HardenedAppStatus>> {
        let status = self.api.get(&self.name).await?.status;
        until("the watch has caught up", LIMIT, async || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            Ok((seen.last() == status.as_ref()).then(|| seen.clone()))
        })
        .await
    }
}

/// The CustomResourceDefinition gives each new app a default status with generation -1; the operator writes all others.
fn is_the_operators(status: &HardenedAppStatus) -> bool {
    status.observed_generation != Some(-1)
}

impl Drop for Statuses {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(
    api: Api<HardenedApp>,
    name: String,
    seen: Arc<Mutex<Vec<HardenedAppStatus>>>,
    started: oneshot::Sender<()>,
) {
    let events = watcher(api, Config::default().fields(&format!("metadata.name={name}")));
    pin_mut!(events);
    let mut started = Some(started);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Apply(app) | Event::InitApply(app)) => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if app.status.as_ref() != seen.last() {
                    seen.extend(app.status.filter(is_the_operators));
                }
            }
            Ok(Event::InitDone) => {
                let _ = started.take().map(|started| started.send(()));
            }
            Ok(Event::Init | Event::Delete(_)) | Err(_) => {}
        }
    }
}
