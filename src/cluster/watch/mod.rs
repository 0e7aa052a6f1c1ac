//! The watches: one per child kind from the kinds table, one each for pods, policies and namespaces.
//!
//! Start order: policies and namespaces, then children and pods; the apps' own watch starts only when all of them have
//! received a full list. So the process has full caches before its first write, and a restart writes nothing.

mod children;
mod events;
mod follow;
mod pods;
mod settings;

use std::sync::Arc;

use futures::future::join_all;
use kube::Api;
use tokio::task::JoinSet;

pub use self::events::events;
use self::follow::Watches;
use super::{
    cache::{Cache, Settings},
    client::Connection,
    triggers::Triggers,
};
use crate::{api::HardenedApp, desired::KINDS};

/// Starts all watches and returns when each has received a full list. They end when the returned set is dropped.
pub async fn watch_all(
    connection: &Connection,
    cache: &Arc<Cache>,
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
) -> JoinSet<()> {
    let Connection { client, traffic, .. } = connection;
    let mut watches = Watches::new(client.clone(), traffic.clone());
    let policies = settings::watch_policies(settings, triggers, &mut watches);
    let namespaces = settings::watch_namespaces(settings, triggers, &mut watches);
    join_all([policies, namespaces]).await;
    let children = KINDS.iter().map(|kind| children::watch(kind, cache, triggers, &mut watches));
    let mut ready: Vec<_> = children.collect();
    ready.push(pods::watch(cache, triggers, &mut watches));
    join_all(ready).await;
    // The caller starts the apps' own watch, but its traffic is observed too.
    traffic.expect(Api::<HardenedApp>::all(client.clone()).resource_url());
    triggers.arm();
    watches.into_tasks()
}
