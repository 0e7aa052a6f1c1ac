//! The watches: one per child kind from the kinds table, one each for pods, policies and namespaces.
//!
//! Start order: policies and namespaces, then children and pods; the apps' own watch starts only when all of them have seen a
//! full list. So the first write of the process is made with full knowledge, and a restart writes nothing.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::{
    StreamExt,
    channel::mpsc::{UnboundedSender, unbounded},
    pin_mut,
    stream::BoxStream,
};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ApiResource, PartialObjectMeta},
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use tokio::{sync::oneshot, task::JoinSet};

use super::{AppKey, Cache, Connection, Settings, Traffic, stored::Stored};
use crate::{
    api::{HardenedApp, HardeningPolicy, MANAGER},
    desired::{KINDS, Kind, MANAGED_BY, WORKLOAD},
};

/// Tells the work queue which apps to look at.
#[derive(Debug)]
pub struct Triggers {
    one: UnboundedSender<AppKey>,
    all: UnboundedSender<()>,
    /// Until the caches are full nobody listens: the first look covers every app anyway.
    armed: AtomicBool,
}

impl Triggers {
    /// The triggers, and the two streams on which they arrive: single apps, and all of them.
    #[must_use]
    pub fn new() -> (Arc<Self>, BoxStream<'static, AppKey>, BoxStream<'static, ()>) {
        let ((one, ones), (all, alls)) = (unbounded(), unbounded());
        (Arc::new(Self { one, all, armed: AtomicBool::new(false) }), ones.boxed(), alls.boxed())
    }

    fn arm(&self) {
        self.armed.store(true, Ordering::Release);
    }

    fn look_at(&self, apps: impl IntoIterator<Item = AppKey>) {
        if self.armed.load(Ordering::Acquire) {
            for app in apps.into_iter().filter(|(_, name)| !name.is_empty()) {
                // Fails only when the queue has ended, and with it the process.
                let _ = self.one.unbounded_send(app);
            }
        }
    }

    fn look_at_all(&self) {
        if self.armed.load(Ordering::Acquire) {
            let _ = self.all.unbounded_send(());
        }
    }
}

/// Starts all watches and returns when each has seen a full list. They end with the returned set.
pub async fn watch_all(
    connection: &Connection,
    cache: &Arc<Cache>,
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
) -> JoinSet<()> {
    let Connection { client, traffic, .. } = connection;
    let mut watches = Watches { tasks: JoinSet::new(), traffic: traffic.clone() };
    let policies = watch_policies(client, settings, triggers, &mut watches);
    let namespaces = watch_namespaces(client, settings, triggers, &mut watches);
    all_ready([policies, namespaces]).await;
    let mut ready: Vec<_> =
        KINDS.iter().map(|kind| watch_children(client, kind, cache, triggers, &mut watches)).collect();
    ready.push(watch_pods(client, cache, triggers, &mut watches));
    all_ready(ready).await;
    // The apps' own watch is the caller's, but it is one of them.
    traffic.expect(Api::<HardenedApp>::all(client.clone()).resource_url());
    triggers.arm();
    watches.tasks
}

/// The running watches.
struct Watches {
    tasks: JoinSet<()>,
    /// Sees their signs of life.
    traffic: Arc<Traffic>,
}

/// Objects in one page of a list. Read, an object takes ten times the space of its text, and all kinds are listed at once: at the
/// usual 500 that would be most of what the process ever needs.
pub const PAGE: u32 = 50;

fn ours() -> watcher::Config {
    watcher::Config::default().page_size(PAGE).labels(&format!("{MANAGED_BY}={MANAGER}"))
}

fn watch_policies(
    client: &Client,
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let settings = settings.clone();
    let api = Api::<DeserializeGuard<HardeningPolicy>>::all(client.clone());
    watch_settings(watches, api, triggers, move |news| match news {
        News::Seen(policy) => settings.policy_observed(policy),
        News::Gone(name) => {
            settings.policy_deleted(name);
            true
        }
        News::All(names) => settings.policies_listed(names),
    })
}

fn watch_namespaces(
    client: &Client,
    settings: &Arc<Settings>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let settings = settings.clone();
    let api = Api::<PartialObjectMeta<Namespace>>::all(client.clone());
    watch_settings(watches, api, triggers, move |news| match news {
        News::Seen(namespace) => settings.namespace_observed(namespace),
        // Its apps are gone with it.
        News::Gone(name) => {
            settings.namespace_deleted(name);
            false
        }
        News::All(names) => {
            settings.namespaces_listed(names);
            false
        }
    })
}

/// What a watch tells of objects that are known by name.
enum News<'a, K> {
    Seen(&'a K),
    Gone(&'a str),
    /// A full list has ended; what it doesn't name is gone.
    All(&'a HashSet<String>),
}

/// Follows policies or namespaces; `take_in` says whether the news changes anything for apps.
fn watch_settings<K>(
    watches: &mut Watches,
    api: Api<K>,
    triggers: &Arc<Triggers>,
    take_in: impl Fn(News<'_, K>) -> bool + Send + 'static,
) -> oneshot::Receiver<()>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let triggers = triggers.clone();
    let mut listed = HashSet::new();
    follow(watches, api, watcher::Config::default().page_size(PAGE), move |event| {
        let changed = match event {
            Event::Init => {
                listed.clear();
                false
            }
            Event::InitApply(object) => {
                listed.insert(object.name_any());
                take_in(News::Seen(&object))
            }
            Event::InitDone => take_in(News::All(&listed)),
            Event::Apply(object) => take_in(News::Seen(&object)),
            Event::Delete(object) => take_in(News::Gone(&object.name_any())),
        };
        if changed {
            triggers.look_at_all();
        }
    })
}

/// Watched as untyped objects: no value that a later Kubernetes knows can stop the watch.
fn watch_children(
    client: &Client,
    kind: &'static Kind,
    cache: &Arc<Cache>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let api = Api::<Stored>::all_with(client.clone(), &kind.resource());
    follow(watches, api, ours(), move |event| match event {
        Event::Apply(object) | Event::InitApply(object) => {
            // Taken in whether or not anybody listens yet.
            let apps = cache.observed(kind, &object.into_typed(kind));
            triggers.look_at(apps);
        }
        Event::Delete(object) => triggers.look_at(cache.deleted(kind, &object.into_value())),
        Event::Init => cache.relist(kind),
        Event::InitDone => triggers.look_at(cache.relisted(kind)),
    })
}

fn watch_pods(
    client: &Client,
    cache: &Arc<Cache>,
    triggers: &Arc<Triggers>,
    watches: &mut Watches,
) -> oneshot::Receiver<()> {
    let (cache, triggers) = (cache.clone(), triggers.clone());
    let api = Api::<Stored>::all_with(client.clone(), &ApiResource::erase::<Pod>(&()));
    let bound = watcher::Config::default().page_size(PAGE).labels(WORKLOAD);
    follow(watches, api, bound, move |event| match event {
        Event::Apply(pod) | Event::InitApply(pod) => {
            triggers.look_at(cache.pods(|pods| pods.observed(&pod.into_value())));
        }
        Event::Delete(pod) => triggers.look_at(cache.pods(|pods| pods.deleted(&pod.into_value()))),
        Event::Init => cache.pods(super::pods::Pods::relist),
        Event::InitDone => triggers.look_at(cache.pods(super::pods::Pods::relisted)),
    })
}

/// Runs one watch for as long as the process lives; the receiver hears of its first full list.
fn follow<K>(
    watches: &mut Watches,
    api: Api<K>,
    config: watcher::Config,
    mut handle: impl FnMut(Event<K>) + Send + 'static,
) -> oneshot::Receiver<()>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let mut sender = Some(sender);
    let url = api.resource_url().to_owned();
    watches.traffic.expect(&url);
    watches.tasks.spawn(async move {
        let events = watcher(api, config).default_backoff();
        pin_mut!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    let listed = matches!(event, Event::InitDone);
                    handle(event);
                    if listed && let Some(sender) = sender.take() {
                        let _ = sender.send(());
                    }
                }
                Err(error) => tracing::warn!(url, %error, "watch interrupted, retrying"),
            }
        }
    });
    receiver
}

async fn all_ready(receivers: impl IntoIterator<Item = oneshot::Receiver<()>>) {
    futures::future::join_all(receivers).await;
}
