//! The controller: watches, then the work queue, until the process receives a signal to stop.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use futures::{StreamExt, stream};
use kube::{
    Api, Client, Resource, ResourceExt,
    runtime::{
        WatchStreamExt,
        controller::{self, Config},
        events::{Recorder, Reporter},
        reflector::{self, ObjectRef, Store},
        watcher::{self, Event},
    },
};

use super::{
    apps::Apps,
    health::Health,
    metrics::{Metrics, OfApps, OfTraffic},
    reconciles::Reconciles,
    server::{self, Pages},
    stop, telemetry,
};
use crate::{
    api::{MANAGER, StoredApp},
    app::AppId,
    cluster::{self, Cache, Claims, Context, Memory, Settings, Triggers, Writer, watch_all},
    reconcile::reconcile,
};

/// Concurrent reconciliations. Their writes share one limit, so more would only wait.
const CONCURRENCY: u16 = 16;

/// How the controller runs.
#[derive(Args, Clone, Copy, Debug)]
pub struct Controller {
    /// Where /metrics, /livez and /readyz are served; port 0 takes a free one and logs it.
    #[arg(long, env = "HARDENED_APP_LISTEN", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
}

/// Runs the controller until SIGTERM or SIGINT; running reconciliations are finished first.
///
/// # Errors
/// If there is no cluster, or signals or connections can't be received.
pub fn start(arguments: Controller) -> anyhow::Result<()> {
    telemetry::start();
    // One thread: the API server needs six times as long for a write as the operator does, so a second would only wait.
    // And glibc gives each thread a heap of its own; memory freed in one can't be used by another.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(run(arguments));
    // A hanging name lookup, which runs on a thread of its own, must not delay the end of the process.
    runtime.shutdown_background();
    result
}

async fn run(arguments: Controller) -> anyhow::Result<()> {
    let connection = cluster::connect().await?;
    let client = connection.client.clone();
    let (cache, settings) = (Arc::<Cache>::default(), Arc::<Settings>::default());
    let (memory, seen) = (Arc::<Memory>::default(), Arc::<Apps>::default());
    let claims = Arc::<Claims>::default();
    let health = Arc::new(Health::of(connection.traffic.clone()));
    let mut metrics = Metrics::new();
    let reconciles = Reconciles::register(metrics.registry(), CONCURRENCY);
    metrics.collect(OfApps { apps: seen.clone(), memory: memory.clone() });
    metrics.collect(OfTraffic { traffic: connection.traffic.clone(), host: connection.host.clone() });
    let listener = server::listen(arguments.listen).await?;
    tokio::spawn(server::serve(listener, Pages { metrics, health: health.clone() }));

    let (triggers, triggered) = Triggers::new();
    let mut stop_signal = stop::requested(health.clone())?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "filling caches");
    let watches = tokio::select! {
        watches = watch_all(&connection, &cache, &settings, &triggers) => watches,
        () = &mut stop_signal => return Ok(()),
    };
    let context = Arc::new(Context {
        cache: cache.clone(),
        settings,
        memory: memory.clone(),
        writer: Writer::new(client.clone()),
        claims: claims.clone(),
        recorder: recorder(client.clone()),
    });
    let (reader, writer) = reflector::store::<StoredApp>();
    let apps = cluster::events(Api::<StoredApp>::all(client), None)
        .inspect(move |event| {
            let Ok(event) = event else { return };
            for uid in seen.observe(event) {
                memory.forget(&uid);
                cache.app_gone(&uid);
                claims.forget(&uid);
            }
            match event {
                Event::Apply(app) | Event::InitApply(app) => cache.app_observed(&AppId::of(app.meta())),
                Event::InitDone => {
                    cache.only_apps(&seen.uids());
                    health.caches_are_full();
                }
                Event::Init | Event::Delete(_) => {}
            }
        })
        .reflect(writer)
        .applied_objects();
    tracing::info!("caches are full, reconciling every app");
    let stored = reader.clone();
    let of_namespaces = triggered.namespaces.flat_map(move |namespace| stream::iter(all_in(&stored, &namespace)));
    let work = kube::runtime::Controller::for_stream(apps, reader)
        .with_config(Config::default().concurrency(CONCURRENCY))
        .reconcile_on(triggered.ones.map(|(namespace, name)| ObjectRef::new(&name).within(&namespace)))
        .reconcile_on(of_namespaces)
        .reconcile_all_on(triggered.all)
        .graceful_shutdown_on(stop_signal.clone())
        .run(
            move |app, context| {
                let reconciles = reconciles.clone();
                async move { reconciles.measure(reconcile(app, context)).await }
            },
            |app, failure, context| context.retry(&app, failure),
            context,
        )
        .for_each(|result| async move {
            if let Err(error) = result {
                report(&error);
            }
        });
    stop::finish(work, stop_signal).await;
    drop(watches);
    Ok(())
}

/// All apps of a namespace.
fn all_in(apps: &Store<StoredApp>, namespace: &str) -> Vec<ObjectRef<StoredApp>> {
    let apps = apps.state().into_iter().filter(|app| app.namespace().as_deref() == Some(namespace));
    apps.map(|app| ObjectRef::from_obj(&*app)).collect()
}

fn report(error: &controller::Error<cluster::Failure, watcher::Error>) {
    use controller::Error;
    match error {
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

fn recorder(client: Client) -> Recorder {
    Recorder::new(client, Reporter { controller: MANAGER.to_owned(), instance: std::env::var("POD_NAME").ok() })
}

#[cfg(test)]
mod tests {
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
