//! Records when objects were created and deleted, ordered by resource version, because watches of different kinds aren't
//! ordered.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use e2e::until;
use futures::{StreamExt, pin_mut};
use kube::Api;
use kube::api::DynamicObject;
use kube::runtime::watcher::{Config, Event, watcher};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::scene::Scene;
use crate::wait::LIMIT;

/// Whether an object of a kind existed at a resource version. etcd's revisions are comparable between kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    version: u64,
    kind: &'static str,
    there: bool,
}

/// Running watches on objects of one name and several kinds; dropping it ends them.
pub(crate) struct Timeline {
    seen: Arc<Mutex<Vec<Moment>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Timeline {
    /// Starts recording; returns when the watches have started, so that no later change is missed.
    pub(crate) async fn record(scene: &Scene, kinds: &[&'static str], name: &str) -> Result<Self> {
        let seen = Arc::<Mutex<Vec<Moment>>>::default();
        let mut tasks = Vec::new();
        for kind in kinds {
            let (started, start) = oneshot::channel();
            tasks.push(tokio::spawn(follow(scene.objects(kind)?, kind, name.to_owned(), seen.clone(), started)));
            start.await.context("the watch ended")?;
        }
        Ok(Self { seen, tasks })
    }

    /// Waits until the watches have reached these versions; returns all moments so far.
    pub(crate) async fn until(&self, versions: &[(&'static str, u64)]) -> Result<Vec<Moment>> {
        until("the watches have caught up", LIMIT, async || {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
            seen.sort();
            let reached = |(kind, version): &(&str, u64)| {
                seen.iter().any(|moment| moment.kind == *kind && moment.version >= *version)
            };
            Ok(versions.iter().all(reached).then_some(seen))
        })
        .await
    }
}

/// The versions at which an object of kind `late` was created while there was none of kind `early`.
pub(crate) fn came_without(moments: &[Moment], late: &str, early: &str) -> Vec<u64> {
    let (mut has_late, mut has_early, mut found) = (false, false, Vec::new());
    for moment in moments {
        if moment.kind == early {
            has_early = moment.there;
        } else if moment.kind == late {
            if moment.there && !has_late && !has_early {
                found.push(moment.version);
            }
            has_late = moment.there;
        }
    }
    found
}

impl Drop for Timeline {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn follow(
    api: Api<DynamicObject>,
    kind: &'static str,
    name: String,
    seen: Arc<Mutex<Vec<Moment>>>,
    started: oneshot::Sender<()>,
) {
    let events = watcher(api, Config::default().fields(&format!("metadata.name={name}")));
    pin_mut!(events);
    let mut started = Some(started);
    while let Some(event) = events.next().await {
        let (object, there) = match event {
            Ok(Event::Apply(object) | Event::InitApply(object)) => (object, true),
            // A deletion has its own resource version.
            Ok(Event::Delete(object)) => (object, false),
            Ok(Event::InitDone) => {
                let _ = started.take().map(|started| started.send(()));
                continue;
            }
            Ok(Event::Init) | Err(_) => continue,
        };
        let version = hardened_app::api::version(&object.metadata);
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(Moment { version, kind, there });
    }
}

#[test]
fn a_late_object_created_without_its_early_one_is_found_in_any_order_of_events() {
    let moment = |version, kind, there| Moment { version, kind, there };
    let mut moments = [
        moment(7, "Late", true),
        moment(1, "Early", true),
        moment(2, "Late", true),
        moment(6, "Late", false),
        moment(5, "Early", false),
        moment(8, "Early", true),
    ];
    moments.sort();
    assert_eq!(came_without(&moments, "Late", "Early"), [7]);
}
