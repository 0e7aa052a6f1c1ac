//! Every version of the objects that the predicates are about, in all namespaces, from watches of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use e2e::until;
use futures::{StreamExt, pin_mut};
use hardened_app::desired::{KINDS, Kind};
use kube::api::DynamicObject;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Api, Client, ResourceExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::facts::{Seen, facts};
use crate::wait::LIMIT;

const OBSERVED: [&str; 4] = ["Deployment", "Job", "NetworkPolicy", "ControllerRevision"];

/// Running watches; dropping it ends them.
pub(crate) struct History {
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Whether a watch was interrupted for so long that versions may be missing.
    gap: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl History {
    /// Returns when the watches have started.
    pub(crate) async fn record(client: &Client) -> Result<Self> {
        let (seen, gap) = (Arc::<Mutex<Vec<Seen>>>::default(), Arc::<AtomicBool>::default());
        let mut tasks = Vec::new();
        for kind in KINDS.iter().filter(|kind| OBSERVED.contains(&kind.name)) {
            let api = Api::all_with(client.clone(), &kind.resource());
            let (started, start) = oneshot::channel();
            tasks.push(tokio::spawn(follow(api, kind, seen.clone(), gap.clone(), started)));
            start.await.context("the watch ended")?;
        }
        Ok(Self { seen, gap, tasks })
    }

    /// All that happened in a namespace; waits until the watches have reached these objects.
    pub(crate) async fn of(&self, namespace: &str, objects: &[(&'static str, DynamicObject)]) -> Result<Vec<Seen>> {
        let observed: Vec<_> = objects.iter().filter(|(kind, _)| OBSERVED.contains(kind)).collect();
        let seen = until("the watches have caught up", LIMIT, async || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let here = seen.iter().filter(|seen| seen.namespace == namespace);
            let here: Vec<Seen> = here.cloned().collect();
            let reached = |(kind, object): &&(&str, DynamicObject)| {
                let version = hardened_app::api::version(&object.metadata);
                here.iter().any(|seen| seen.kind == *kind && seen.version >= version && seen.name == object.name_any())
            };
            Ok(observed.iter().all(reached).then_some(here))
        });
        let seen = seen.await?;
        ensure!(!self.gap.load(Ordering::Relaxed), "a watch of this test has missed versions");
        Ok(seen)
    }
}

impl Drop for History {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn follow(
    api: Api<DynamicObject>,
    kind: &'static Kind,
    seen: Arc<Mutex<Vec<Seen>>>,
    gap: Arc<AtomicBool>,
    started: oneshot::Sender<()>,
) {
    let events = watcher(api, Config::default());
    pin_mut!(events);
    let mut started = Some(started);
    while let Some(event) = events.next().await {
        let (object, there) = match event {
            Ok(Event::Apply(object) | Event::InitApply(object)) => (object, true),
            Ok(Event::Delete(object)) => (object, false),
            Ok(Event::InitDone) => {
                let _ = started.take().map(|started| started.send(()));
                continue;
            }
            Ok(Event::Init) => {
                gap.fetch_or(started.is_none(), Ordering::Relaxed);
                continue;
            }
            Err(_) => continue,
        };
        let value = serde_json::to_value(&object).unwrap_or_default();
        let one = Seen {
            version: hardened_app::api::version(&object.metadata),
            namespace: object.namespace().unwrap_or_default(),
            kind: kind.name,
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            facts: facts(kind.name, &value).filter(|_| there),
        };
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    }
}
