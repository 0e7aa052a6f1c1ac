//! What the watches of whole kinds report of others' objects. Of namespaces without apps only the hosts are kept that they serve.

use kube::runtime::watcher::Event;

use super::super::{
    cache::{AppKey, Cache, NeighbourKind},
    stored::Stored,
};

/// Stores an event about a neighbour. Returns the apps to reconcile.
pub(super) fn handle(kind: NeighbourKind, cache: &Cache, event: &Event<Stored>) -> Vec<AppKey> {
    match event {
        Event::Apply(object) | Event::InitApply(object) => cache.neighbour_observed(kind, object),
        Event::Delete(object) => cache.neighbour_deleted(kind, object),
        Event::Init => {
            cache.neighbours_relist(kind);
            Vec::new()
        }
        Event::InitDone => cache.neighbours_relisted(kind),
    }
}
