//! The watches of policies and namespaces: which policy applies where.

use std::{collections::HashSet, sync::Arc};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Resource, ResourceExt, api::PartialObjectMeta, core::DeserializeGuard, runtime::watcher::Event};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use super::{
    super::{cache::Settings, triggers::Triggers},
    follow::Watches,
};
use crate::api::HardeningPolicy;

pub(super) fn watch_policies(
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let settings = settings.clone();
    let api = Api::<DeserializeGuard<HardeningPolicy>>::all(watches.client.clone());
    watch(watches, api, triggers, move |change| match change {
        Observed::Object(policy) => settings.policy_observed(policy),
        Observed::Deleted(name) => {
            settings.policy_deleted(name);
            true
        }
        Observed::Listed(names) => settings.policies_listed(names),
    })
}

pub(super) fn watch_namespaces(
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let settings = settings.clone();
    let api = Api::<PartialObjectMeta<Namespace>>::all(watches.client.clone());
    watch(watches, api, triggers, move |change| match change {
        Observed::Object(namespace) => settings.namespace_observed(namespace),
        // Its apps are deleted with it.
        Observed::Deleted(name) => {
            settings.namespace_deleted(name);
            false
        }
        Observed::Listed(names) => {
            settings.namespaces_listed(names);
            false
        }
    })
}

/// What a watch reports of objects that are known by name.
enum Observed<'a, K> {
    Object(&'a K),
    Deleted(&'a str),
    /// A full list has ended; what it doesn't contain is deleted.
    Listed(&'a HashSet<String>),
}

/// Follows policies or namespaces; `store` returns whether a change matters to apps.
fn watch<K>(
    watches: &mut Watches,
    api: Api<K>,
    triggers: &Arc<Triggers>,
    store: impl Fn(Observed<'_, K>) -> bool + Send + 'static,
) -> oneshot::Receiver<()>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let triggers = triggers.clone();
    let mut listed = HashSet::new();
    watches.follow(api, None, move |event| {
        let changed = match event {
            Event::Init => {
                listed.clear();
                false
            }
            Event::InitApply(object) => {
                listed.insert(object.name_any());
                store(Observed::Object(&object))
            }
            Event::InitDone => store(Observed::Listed(&listed)),
            Event::Apply(object) => store(Observed::Object(&object)),
            Event::Delete(object) => store(Observed::Deleted(&object.name_any())),
        };
        if changed {
            triggers.reconcile_all();
        }
    })
}
