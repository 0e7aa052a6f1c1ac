//! The watch of CustomResourceDefinitions, by their names: which optional APIs the cluster has.

use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, ResourceExt, api::PartialObjectMeta, runtime::watcher::Event};
use tokio::sync::{oneshot, watch};

use super::{
    super::{cache::Cache, triggers::Triggers},
    follow::Watches,
};
use crate::{
    api::version,
    desired::{KINDS, Presence},
};

/// Whether there is a definition: its version, or 0 where that isn't known.
type Definition = watch::Receiver<Option<u64>>;

/// Starts the watch. The receivers, by the names of the definitions of optional child kinds, have a value while the API server has the
/// definition, and another one after each change of it.
pub(super) fn watch(
    cache: &Arc<Cache>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> (oneshot::Receiver<()>, BTreeMap<String, Definition>) {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let (mut senders, mut receivers) = (BTreeMap::new(), BTreeMap::new());
    for kind in KINDS.iter().filter(|kind| kind.presence == Presence::Optional) {
        let (sender, receiver) = watch::channel(None);
        senders.insert(kind.definition(), sender);
        receivers.insert(kind.definition(), receiver);
    }
    let api = Api::<PartialObjectMeta<CustomResourceDefinition>>::all(watches.client.clone());
    let ready = watches.follow(api, None, move |event| {
        let matters = cache.around.apis(|apis| match &event {
            Event::Apply(definition) | Event::InitApply(definition) => apis.observed(&definition.name_any()),
            Event::Delete(definition) => apis.deleted(&definition.name_any()),
            Event::Init => {
                apis.relist();
                false
            }
            Event::InitDone => apis.relisted(),
        });
        if matters {
            triggers.reconcile_all();
        }
        let changed = match &event {
            Event::Apply(definition) | Event::InitApply(definition) => {
                Some((definition.name_any(), version(&definition.metadata)))
            }
            _ => None,
        };
        for (name, sender) in &senders {
            let is_there = cache.around.apis(|apis| apis.has(name));
            let changed = changed.as_ref().filter(|(changed, _)| changed == name).map(|(_, version)| *version);
            sender.send_if_modified(|known| {
                let now = is_there.then(|| changed.or(*known).unwrap_or_default());
                std::mem::replace(known, now) != now
            });
        }
    });
    (ready, receivers)
}
