//! The controller: watches, then the work queue, until the process is told to stop.

use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt;
use kube::{
    Api, Client, Resource,
    runtime::{
        Controller, WatchStreamExt,
        controller::Config,
        events::{Recorder, Reporter},
        reflector::{self, ObjectRef},
        watcher::{self, Event, watcher},
    },
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    api::MANAGER,
    cluster::{self, Cache, Memory, Settings, Triggers, Writer, watch_all},
    reconcile::{Context, StoredApp, reconcile, retry},
};

/// Apps looked at at once. Their writes share one limit, so more would only wait.
const CONCURRENCY: u16 = 16;

/// Runs the controller until SIGTERM or SIGINT; what is under way is finished first.
///
/// # Errors
/// Where there is no cluster, or signals can't be received.
pub async fn run() -> anyhow::Result<()> {
    let client = cluster::client().await?;
    let (cache, settings) = (Arc::<Cache>::default(), Arc::<Settings>::default());
    let (triggers, ones, all) = Triggers::new();
    let mut stop = Box::pin(told_to_stop()?);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "filling caches");
    let watches = tokio::select! {
        watches = watch_all(&client, &cache, &settings, &triggers) => watches,
        () = &mut stop => return Ok(()),
    };
    let context = Arc::new(Context {
        cache,
        settings,
        memory: Memory::default(),
        writer: Writer::new(client.clone()),
        recorder: recorder(client.clone()),
    });
    let (reader, writer) = reflector::store::<StoredApp>();
    let forgetful = context.clone();
    let apps = watcher(Api::<StoredApp>::all(client), watcher::Config::default())
        .default_backoff()
        .modify(|app| app.meta_mut().managed_fields = None)
        .inspect(move |event| {
            if let Ok(Event::Delete(app)) = event {
                forgetful.memory.forget(app.meta().uid.as_deref().unwrap_or_default());
            }
        })
        .reflect(writer)
        .applied_objects();
    tracing::info!("caches are full, looking at every app");
    Controller::for_stream(apps, reader)
        .with_config(Config::default().concurrency(CONCURRENCY))
        .reconcile_on(ones.map(|(namespace, name)| ObjectRef::new(&name).within(&namespace)))
        .reconcile_all_on(all)
        .graceful_shutdown_on(stop)
        .run(reconcile, |app, failure, context| retry(&app, failure, &context), context)
        .for_each(|result| async move {
            if let Err(error) = result {
                report(&error);
            }
        })
        .await;
    drop(watches);
    tracing::info!("stopped");
    Ok(())
}

fn report(error: &kube::runtime::controller::Error<cluster::Failure, watcher::Error>) {
    use kube::runtime::controller::Error;
    match error {
        Error::ReconcilerFailed(failure, app) => {
            tracing::warn!(app = %app, error = failure.in_words(), "status not written, trying again");
        }
        // Gone between the event and the look.
        Error::ObjectNotFound(_) => {}
        Error::QueueError(error) => tracing::warn!(%error, "watch of the apps interrupted, retrying"),
        Error::RunnerError(error) => tracing::error!(%error, "work queue"),
    }
}

fn recorder(client: Client) -> Recorder {
    Recorder::new(client, Reporter { controller: MANAGER.to_owned(), instance: std::env::var("POD_NAME").ok() })
}

fn told_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send + Sync + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("told to stop");
        let _ = sender.send(());
    });
    Ok(async move {
        let _ = receiver.await;
    })
}
