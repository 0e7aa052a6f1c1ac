//! The watch of the pods that no app runs: databases may be among them. It starts when an app has such a database, and then goes on.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ApiResource, runtime::watcher::Event};
use tokio::sync::oneshot;

use super::{
    super::{
        cache::{Cache, ForeignPods},
        stored::Stored,
        triggers::Triggers,
    },
    follow::Watches,
};
use crate::api::WORKLOAD;

/// Its URL is that of the watch of the apps' pods, so no silence of it is noticed.
pub(super) fn watch(cache: &Arc<Cache>, triggers: &Arc<Triggers>, watches: &mut Watches) -> oneshot::Receiver<()> {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let api = Api::<Stored>::all_with(watches.client.clone(), &ApiResource::erase::<Pod>(&()));
    let wanted = {
        let cache = cache.clone();
        async move { cache.database_pods_wanted().await }
    };
    watches.follow_after(wanted, api, Some(&format!("!{WORKLOAD}")), move |event| {
        let apps = match event {
            Event::Apply(pod) | Event::InitApply(pod) => cache.foreign_pod_observed(&pod),
            Event::Delete(pod) => cache.foreign_pod_deleted(&pod),
            Event::Init => {
                cache.around.database_pods(ForeignPods::relist);
                Vec::new()
            }
            Event::InitDone => cache.around.database_pods(ForeignPods::relisted),
        };
        triggers.reconcile(apps);
    })
}
