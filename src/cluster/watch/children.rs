//! The watch of one kind of child.

use std::sync::Arc;

use kube::{Api, runtime::watcher::Event};
use tokio::sync::oneshot;

use super::{
    super::{cache::Cache, stored::Stored, triggers::Triggers},
    follow::Watches,
};
use crate::{
    api::{MANAGED_BY, MANAGER},
    desired::Kind,
};

/// Watched as untyped objects: no value that a later Kubernetes introduces can stop the watch.
pub(super) fn watch(
    kind: &'static Kind,
    cache: &Arc<Cache>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let api = Api::<Stored>::all_with(watches.client.clone(), &kind.resource());
    watches.follow(api, Some(&format!("{MANAGED_BY}={MANAGER}")), move |event| match event {
        Event::Apply(object) | Event::InitApply(object) => {
            // Stored whether or not the queue is read yet.
            let apps = cache.observed(kind, &object);
            triggers.reconcile(apps);
        }
        Event::Delete(object) => triggers.reconcile(cache.deleted(kind, &object)),
        Event::Init => cache.relist(kind),
        Event::InitDone => triggers.reconcile(cache.relisted(kind)),
    })
}
