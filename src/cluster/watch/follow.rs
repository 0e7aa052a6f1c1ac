//! One watch, for as long as the process lives.

use std::sync::Arc;

use futures::{StreamExt, pin_mut};
use kube::{Api, Client, Resource, runtime::watcher::Event};
use serde::de::DeserializeOwned;
use tokio::{sync::oneshot, task::JoinSet};

use super::events::events;
use crate::cluster::traffic::Traffic;

/// The running watches.
pub(super) struct Watches {
    pub(super) client: Client,
    tasks: JoinSet<()>,
    /// Counts their requests.
    pub(super) traffic: Arc<Traffic>,
}

impl Watches {
    pub(super) fn new(client: Client, traffic: Arc<Traffic>) -> Self {
        Self { client, tasks: JoinSet::new(), traffic }
    }

    pub(super) fn into_tasks(self) -> JoinSet<()> {
        self.tasks
    }

    /// Starts a task that ends with the watches.
    pub(super) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Starts a watch; the receiver resolves after its first full list.
    pub(super) fn follow<K>(
        &mut self,
        api: Api<K>,
        labels: Option<&str>,
        handle: impl FnMut(Event<K>) + Send + 'static,
    ) -> oneshot::Receiver<()>
    where
        K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
    {
        self.traffic.expect(api.resource_url());
        self.follow_after(std::future::ready(()), api, labels, handle)
    }

    /// Starts a watch once something has happened.
    pub(super) fn follow_after<K>(
        &mut self,
        start: impl Future<Output = ()> + Send + 'static,
        api: Api<K>,
        labels: Option<&str>,
        mut handle: impl FnMut(Event<K>) + Send + 'static,
    ) -> oneshot::Receiver<()>
    where
        K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        let url = api.resource_url().to_owned();
        let events = events(api, labels);
        self.tasks.spawn(async move {
            start.await;
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
}
