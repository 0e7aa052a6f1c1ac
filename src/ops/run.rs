//! The controller: the leader election, then watches, then the work queue, until the process receives a signal to stop.
//!
//! A replica that stands by watches nothing. Its lists are sent when it leads, so that they have all that the leader before has written.

use std::{net::SocketAddr, sync::Arc};

use clap::{Args, builder::NonEmptyStringValueParser};
use kube::runtime::reflector;

use super::{
    apps::Apps,
    election::{self, Election, Leases},
    health::{Health, Phase},
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
    let (triggers, triggered) = Triggers::new();
    let context = Arc::new(Context {
        cache: Arc::<Cache>::default(),
        settings: Arc::<Settings>::default(),
        memory: Arc::<Memory>::default(),
        writer: Writer::new(connection.client.clone(), pod),
        claims: Arc::<Claims>::default(),
        triggers: triggers.clone(),
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

    let stop_signal = stop::requested(health.clone())?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), identity, "started");
    let leases = Leases::new(connection.election.clone(), &arguments.lease_namespace);
    let mut election = Election::new(leases, identity, tenure);
    if !election.campaign(|| health.enter(Phase::StandsBy), stop_signal.clone()).await {
        return Ok(());
    }
    health.enter(Phase::FillsCaches);
    let work = async {
        let watches = tokio::select! {
            watches = watch_all(&connection, &context.cache, &context.settings, &triggers) => watches,
            () = stop_signal.clone() => return,
        };
        let (reader, writer) = reflector::store::<StoredApp>();
        let apps = queue::apps(&connection, &context, seen, writer, triggers);
        Queue { apps, reader, triggered, reconciles, context, health }.work(stop_signal.clone()).await;
        drop(watches);
    };
    let end = tokio::select! {
        end = stop::finish(work, stop_signal.clone()) => end,
        lost = election.keep() => return Err(lost.into()),
    };
    if end == End::InOrder {
        election.resign().await;
    }
    Ok(())
}
