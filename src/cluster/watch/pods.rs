//! The watch of the apps' pods.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ApiResource, runtime::watcher::Event};
use tokio::sync::oneshot;

use super::{
    super::{
        cache::{Cache, Pods},
        stored::Stored,
        triggers::Triggers,
    },
    follow::Watches,
};
use crate::api::WORKLOAD;

pub(super) fn watch(cache: &Arc<Cache>, triggers: &Arc<Triggers>, watches: &mut Watches) -> oneshot::Receiver<()> {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let api = Api::<Stored>::all_with(watches.client.clone(), &ApiResource::erase::<Pod>(&()));
    watches.follow(api, Some(WORKLOAD), move |event| match event {
        Event::Apply(pod) | Event::InitApply(pod) => {
            triggers.reconcile(cache.pods(|pods| pods.observed(&pod)));
        }
        Event::Delete(pod) => triggers.reconcile(cache.pods(|pods| pods.deleted(&pod))),
        Event::Init => cache.pods(Pods::relist),
        Event::InitDone => triggers.reconcile(cache.pods(Pods::relisted)),
    })
}
