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
    watch(watches, api, triggers, move |change, triggers| {
        let changed = match change {
            Observed::Object(policy) => settings.policy_observed(policy),
            Observed::Deleted(name) => {
                settings.policy_deleted(name);
                true
            }
            Observed::Listed(names) => settings.policies_listed(names),
        };
        if changed {
            triggers.reconcile_all();
        }
    })
}

pub(super) fn watch_namespaces(
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let settings = settings.clone();
    let api = Api::<PartialObjectMeta<Namespace>>::all(watches.client.clone());
    watch(watches, api, triggers, move |change, triggers| match change {
        Observed::Object(namespace) => {
            if settings.namespace_observed(namespace) {
                triggers.reconcile_all_in(namespace.name_any());
            }
        }
        // Its apps are deleted with it.
        Observed::Deleted(name) => settings.namespace_deleted(name),
        Observed::Listed(names) => settings.namespaces_listed(names),
    })
}

/// What a watch reports of objects that are known by name.
enum Observed<'a, K> {
    Object(&'a K),
    Deleted(&'a str),
    /// A full list has ended; what it doesn't contain is deleted.
    Listed(&'a HashSet<String>),
}

/// Follows policies or namespaces; `store` stores a change and wakes the apps that it matters to.
fn watch<K>(
    watches: &mut Watches,
    api: Api<K>,
    triggers: &Arc<Triggers>,
    store: impl Fn(Observed<'_, K>, &Triggers) + Send + 'static,
) -> oneshot::Receiver<()>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let triggers = triggers.clone();
    let mut listed = HashSet::new();
    watches.follow(api, None, move |event| match event {
        Event::Init => listed.clear(),
        Event::InitApply(object) => {
            listed.insert(object.name_any());
            store(Observed::Object(&object), &triggers);
        }
        Event::InitDone => store(Observed::Listed(&listed), &triggers),
        Event::Apply(object) => store(Observed::Object(&object), &triggers),
        Event::Delete(object) => store(Observed::Deleted(&object.name_any()), &triggers),
    })
}
