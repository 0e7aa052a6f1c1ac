//! The controller: watches, then the leader election, then the work queue, until the process receives a signal to stop.

use std::{convert::Infallible, future::pending, net::SocketAddr, sync::Arc};

use clap::{Args, builder::NonEmptyStringValueParser};
use futures::{Stream, StreamExt};
use kube::runtime::{reflector, watcher};

use super::{
    apps::Apps,
    election::{self, Election, Leases},
    health::Health,
    metrics::{Metrics, OfApps, OfElection, OfTraffic},
    queue::{self, CONCURRENCY, Queue},
    reconciles::Reconciles,
    server::{self, Pages},
    stop::{self, End},
    telemetry,
};
use crate::{
    api::StoredApp,
    cluster::{self, Cache, Claims, Context, Memory, Settings, Tenure, Triggers, Writer, watch_all},
};

/// How the controller runs.
#[derive(Args, Clone, Debug)]
pub struct Controller {
    /// Where /metrics, /livez and /readyz are served; port 0 takes a free one and logs it.
    #[arg(long, env = "HARDENED_APP_LISTEN", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// The operator's own image, which runs the checks before a release in the apps' namespaces.
    #[arg(long, env = "HARDENED_APP_IMAGE")]
    image: String,
    /// The namespace of the Lease hardened-app, which only one process at a time holds and writes: that of the operator's pods.
    #[arg(long, env = "POD_NAMESPACE", value_parser = NonEmptyStringValueParser::new())]
    lease_namespace: String,
}

/// Runs the controller until SIGTERM or SIGINT; running reconciliations are finished first.
///
/// # Errors
/// If there is no cluster, or signals or connections can't be received, or if this process led and may not write any more.
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
    let (pod, tenure) = (election::pod(), Arc::<Tenure>::default());
    let identity = election::identity(pod.as_deref());
    let connection = cluster::connect(&identity, &tenure).await?;
    let context = Arc::new(Context {
        cache: Arc::<Cache>::default(),
        settings: Arc::<Settings>::default(),
        memory: Arc::<Memory>::default(),
        writer: Writer::new(connection.client.clone(), pod),
        claims: Arc::<Claims>::default(),
        preflight_image: arguments.image.clone(),
    });
    let (seen, health) = (Arc::<Apps>::default(), Arc::new(Health::of(connection.traffic.clone())));
    let mut metrics = Metrics::new();
    let reconciles = Reconciles::register(metrics.registry(), CONCURRENCY);
    metrics.collect(OfApps { apps: seen.clone(), memory: context.memory.clone() });
    metrics.collect(OfTraffic { traffic: connection.traffic.clone(), host: connection.host.clone() });
    metrics.collect(OfElection(tenure.clone()));
    let listener = server::listen(arguments.listen).await?;
    tokio::spawn(server::serve(listener, Pages { metrics, health: health.clone() }));

    let (triggers, triggered) = Triggers::new();
    let mut stop_signal = stop::requested(health.clone())?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), identity, "filling caches");
    let watches = tokio::select! {
        watches = watch_all(&connection, &context.cache, &context.settings, &triggers) => watches,
        () = &mut stop_signal => return Ok(()),
    };
    let (reader, writer) = reflector::store::<StoredApp>();
    let mut apps = queue::apps(&connection, &context, seen, health, writer, triggers.clone());
    let leases = Leases::new(connection.election, &arguments.lease_namespace);
    let mut election = Election::new(leases, identity.clone(), tenure);
    let campaign = async {
        tokio::select! { _ = reader.wait_until_ready() => {}, () = stop_signal.clone() => return false }
        tracing::info!("caches are full");
        election.campaign(stop_signal.clone()).await
    };
    let leads = tokio::select! { leads = campaign => leads, never = follow(&mut apps) => match never {} };
    if !leads {
        return Ok(());
    }
    tracing::info!(identity, "leading, reconciling every app");
    triggers.start();
    let work = Queue { apps, reader, triggered, reconciles, context }.work(stop_signal.clone());
    let end = tokio::select! {
        end = stop::finish(work, stop_signal) => end,
        lost = election.keep() => return Err(lost.into()),
    };
    if end == End::InOrder {
        election.resign().await;
    }
    drop(watches);
    Ok(())
}

/// Keeps the known apps up to date while another replica leads.
async fn follow(apps: &mut (impl Stream<Item = watcher::Result<StoredApp>> + Unpin)) -> Infallible {
    while let Some(app) = apps.next().await {
        if let Err(error) = app {
            queue::interrupted(&error);
        }
    }
    // A watch doesn't end.
    pending().await
}
