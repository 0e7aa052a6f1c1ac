//! The watch of one kind of child. Where others' objects of the kind matter to apps, too, it is a watch of the whole cluster.

use std::sync::Arc;

use kube::{Api, runtime::watcher::Event};
use tokio::sync::oneshot;

use super::{
    super::{
        cache::{AppKey, Cache, NeighbourKind},
        stored::Stored,
        triggers::Triggers,
    },
    follow::Watches,
    neighbours,
};
use crate::{
    api::{MANAGED_BY, MANAGER},
    desired::{Kind, Sight},
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
    let neighbour = NeighbourKind::of(kind);
    watches.follow(api, labels(kind).as_deref(), move |event| {
        triggers.reconcile(child(kind, &cache, &event));
        if let Some(kind) = neighbour {
            triggers.reconcile(neighbours::handle(kind, &cache, &event));
        }
    })
}

/// Which objects of a kind are watched.
pub(super) fn labels(kind: &Kind) -> Option<String> {
    match kind.sight {
        Sight::Labelled => Some(format!("{MANAGED_BY}={MANAGER}")),
        Sight::AllInCluster => None,
    }
}

/// Stores an event about a child. Returns the apps to reconcile.
pub(in crate::cluster) fn child(kind: &'static Kind, cache: &Cache, event: &Event<Stored>) -> Vec<AppKey> {
    match event {
        // Stored whether or not the queue is read yet.
        Event::Apply(object) | Event::InitApply(object) if object.is_labelled() => cache.observed(kind, object),
        // A watch by labels reports an object that loses its label as deleted, and doesn't list it.
        Event::Apply(object) | Event::Delete(object) => cache.deleted(kind, object).into_iter().collect(),
        Event::InitApply(_) => Vec::new(),
        Event::Init => {
            cache.relist(kind);
            Vec::new()
        }
        Event::InitDone => cache.relisted(kind),
    }
}
