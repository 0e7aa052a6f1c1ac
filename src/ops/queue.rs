//! The work queue: which apps are reconciled, when, and how many at once.

use std::sync::Arc;

use futures::{StreamExt, future::ready, pin_mut, stream, stream::BoxStream};
use kube::{
    Api, Resource, ResourceExt,
    runtime::{
        WatchStreamExt,
        controller::{self, Config},
        reflector::{ObjectRef, Store, store::Writer},
        watcher::{self, Event},
    },
};

use super::{
    apps::Apps,
    health::{Health, Phase},
    reconciles::Reconciles,
};
use crate::{
    api::StoredApp,
    app::AppId,
    cluster::{self, Connection, Context, Triggered, Triggers},
    reconcile::reconcile,
};

/// Concurrent reconciliations. Their writes share one limit, so more would only wait.
pub(super) const CONCURRENCY: u16 = 16;

/// The apps as a watch delivers them.
type Watched = BoxStream<'static, watcher::Result<StoredApp>>;

/// What the queue is filled from, and what a reconciliation needs.
pub(super) struct Queue {
    pub(super) apps: Watched,
    pub(super) reader: Store<StoredApp>,
    pub(super) triggered: Triggered,
    pub(super) reconciles: Arc<Reconciles>,
    pub(super) context: Arc<Context>,
    pub(super) health: Arc<Health>,
}

/// The watch of the apps. What it delivers is recorded wherever apps are known.
pub(super) fn apps(
    connection: &Connection,
    context: &Arc<Context>,
    seen: Arc<Apps>,
    writer: Writer<StoredApp>,
    triggers: Arc<Triggers>,
) -> Watched {
    let context = context.clone();
    let record = move |event: &watcher::Result<Event<StoredApp>>| {
        let Ok(event) = event else { return };
        for uid in seen.observe(event) {
            context.memory.forget(&uid);
            context.cache.app_gone(&uid);
            // Others may have waited for its hosts.
            triggers.reconcile(context.cache.host_claims_of_gone(&uid));
            // Another app may have waited for the pods.
            if let Some(namespace) = context.claims.forget(&uid) {
                triggers.reconcile_all_in(namespace);
            }
        }
        match event {
            Event::Apply(app) | Event::InitApply(app) => context.cache.app_observed(&AppId::of(app.meta())),
            Event::InitDone => context.cache.only_apps(&seen.uids()),
            Event::Init | Event::Delete(_) => {}
        }
    };
    let events = cluster::events(Api::<StoredApp>::all(connection.client.clone()), None);
    events.inspect(record).reflect(writer).applied_objects().boxed()
}

impl Queue {
    /// Reconciles from the first full list of the apps until the signal to stop, and until the running reconciliations have ended.
    pub(super) async fn work(self, stop: impl Future<Output = ()> + Clone + Send + Sync + Unpin + 'static) {
        let (reader, health) = (self.reader.clone(), self.health.clone());
        let reconciliations = self.reconcile(stop.clone());
        pin_mut!(reconciliations);
        tokio::select! {
            // In this order: once the list is full, the reconciliations see the signal themselves.
            biased;
            _ = reader.wait_until_ready() => {}
            // kube's queue would go on waiting for the list.
            () = stop => return,
            () = &mut reconciliations => return,
        }
        tracing::info!("caches are full, reconciling every app");
        health.enter(Phase::Works);
        reconciliations.await;
    }

    async fn reconcile(self, stop: impl Future<Output = ()> + Send + Sync + 'static) {
        let Self { apps, reader, triggered, reconciles, context, .. } = self;
        let stored = reader.clone();
        let of_namespaces = triggered.namespaces.flat_map(move |namespace| stream::iter(all_in(&stored, &namespace)));
        kube::runtime::Controller::for_stream(apps, reader)
            .with_config(Config::default().concurrency(CONCURRENCY))
            .reconcile_on(triggered.ones.map(|(namespace, name)| ObjectRef::new(&name).within(&namespace)))
            .reconcile_on(of_namespaces)
            .reconcile_all_on(triggered.all)
            .graceful_shutdown_on(stop)
            .run(
                move |app, context| {
                    let reconciles = reconciles.clone();
                    async move { reconciles.measure(Box::pin(reconcile(app, context))).await }
                },
                |app, failure, context| context.retry(&app, failure),
                context,
            )
            .for_each(|result| {
                if let Err(error) = result {
                    report(&error);
                }
                ready(())
            })
            .await;
    }
}

/// All apps of a namespace.
fn all_in(apps: &Store<StoredApp>, namespace: &str) -> Vec<ObjectRef<StoredApp>> {
    let apps = apps.state().into_iter().filter(|app| app.namespace().as_deref() == Some(namespace));
    apps.map(|app| ObjectRef::from_obj(&*app)).collect()
}

fn report(error: &controller::Error<cluster::Failure, watcher::Error>) {
    use controller::Error;
    match error {
        // The process is about to end.
        Error::ReconcilerFailed(failure, _) if failure.is_not_leading() => {}
        Error::ReconcilerFailed(failure, app) => {
            tracing::warn!(app = %app, error = failure.in_words(), "status not written, trying again");
        }
        // Deleted between the event and the reconciliation.
        Error::ObjectNotFound(_) => {}
        Error::QueueError(error) => {
            tracing::warn!(url = StoredApp::url_path(&(), None), %error, "watch interrupted, retrying");
        }
        Error::RunnerError(error) => tracing::error!(%error, "work queue"),
    }
}

#[cfg(test)]
mod tests {
    use kube::runtime::reflector;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_namespace_wakes_its_own_apps() {
        let (reader, mut writer) = reflector::store::<StoredApp>();
        for (namespace, name) in [("one", "a"), ("two", "b"), ("one", "c")] {
            let app = json!({
                "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp",
                "metadata": { "namespace": namespace, "name": name }, "spec": { "components": [] },
            });
            writer.apply_watcher_event(&Event::Apply(serde_json::from_value(app).unwrap()));
        }
        let mut names: Vec<String> = all_in(&reader, "one").into_iter().map(|app| app.name).collect();
        names.sort();
        assert_eq!(names, ["a", "c"]);
    }
}
