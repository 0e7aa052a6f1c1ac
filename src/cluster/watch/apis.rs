//! The watch of CustomResourceDefinitions, by their names: which optional APIs the cluster has.

use std::sync::Arc;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, ResourceExt, api::PartialObjectMeta, runtime::watcher::Event};
use tokio::sync::{oneshot, watch};

use super::{
    super::{
        cache::{Cache, HTTP_ROUTES},
        triggers::Triggers,
    },
    follow::Watches,
};
use crate::api::version;

/// Starts the watch. The second receiver has a value while the API server has a definition of `HTTPRoute`, another one after each change
/// of it.
pub(super) fn watch(
    cache: &Arc<Cache>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> (oneshot::Receiver<()>, watch::Receiver<Option<u64>>) {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let (sender, http_routes) = watch::channel(None);
    let api = Api::<PartialObjectMeta<CustomResourceDefinition>>::all(watches.client.clone());
    let ready = watches.follow(api, None, move |event| {
        let (matters, has_http_routes) = cache.around.apis(|apis| {
            let matters = match &event {
                Event::Apply(definition) | Event::InitApply(definition) => apis.observed(&definition.name_any()),
                Event::Delete(definition) => apis.deleted(&definition.name_any()),
                Event::Init => {
                    apis.relist();
                    false
                }
                Event::InitDone => apis.relisted(),
            };
            (matters, apis.has_http_routes())
        });
        if matters {
            triggers.reconcile_all();
        }
        let changed = match &event {
            Event::Apply(definition) | Event::InitApply(definition) if definition.name_any() == HTTP_ROUTES => {
                Some(version(&definition.metadata))
            }
            _ => None,
        };
        sender.send_if_modified(|known| {
            let now = has_http_routes.then(|| changed.or(*known).unwrap_or_default());
            std::mem::replace(known, now) != now
        });
    });
    (ready, http_routes)
}
