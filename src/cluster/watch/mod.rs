//! The watches: one per child kind from the kinds table, one each for pods, policies, namespaces and CustomResourceDefinitions.
//!
//! Start order: policies, namespaces, definitions and which apps there are; then children, pods and neighbours; the apps' own watch starts
//! only when all of them have received a full list. So the process has full caches before its first write, and a restart writes nothing.
//! The process leads already: the lists have all that another one has written.

mod apis;
mod apps;
mod children;
mod database_pods;
mod events;
mod follow;
mod neighbours;
mod optional;
mod pods;
mod settings;

use std::sync::Arc;

use futures::future::{join, join_all};
use kube::Api;
use tokio::task::JoinSet;

#[cfg(test)]
pub(in crate::cluster) use self::children::child;
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
    let (definitions, mut optional) = apis::watch(cache, triggers, &mut watches);
    join(join_all([policies, namespaces, definitions]), apps::record(connection, cache)).await;
    let children = KINDS.iter().map(|kind| match optional.remove(&kind.definition()) {
        Some(definition) => optional::watch(kind, definition, cache, triggers, &mut watches),
        None => children::watch(kind, cache, triggers, &mut watches),
    });
    let mut ready: Vec<_> = children.collect();
    ready.push(pods::watch(cache, triggers, &mut watches));
    let database_pods = database_pods::watch(cache, triggers, &mut watches);
    if cache.around.database_pods(|pods| pods.are_wanted()) {
        ready.push(database_pods);
    }
    join_all(ready).await;
    // The caller starts the apps' own watch, but its traffic is observed too.
    traffic.expect(Api::<HardenedApp>::all(client.clone()).resource_url());
    triggers.arm();
    watches.into_tasks()
}
