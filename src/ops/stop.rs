//! The shutdown of the process on a signal, as Kubernetes sends it.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use futures::FutureExt;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use super::health::{Health, Phase};

/// How long running reconciliations may take to finish; 30 s after SIGTERM, Kubernetes kills the process.
const GRACE_PERIOD: Duration = Duration::from_secs(25);

/// Completes on SIGTERM or SIGINT; from then on the process isn't ready.
///
/// # Errors
/// If signals can't be received.
pub(super) fn requested(
    health: Arc<Health>,
) -> anyhow::Result<impl Future<Output = ()> + Clone + Send + Sync + Unpin + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        health.enter(Phase::Stops);
        tracing::info!("stop requested");
        let _ = sender.send(());
    });
    Ok(receiver.map(drop).shared())
}

/// How the work has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All of it.
    InOrder,
    /// Some of it was cut off: a request may still be under way.
    CutOff,
}

/// Runs the work to its end, but no longer than the grace period after the signal to stop.
pub(super) async fn finish(work: impl Future<Output = ()>, signal: impl Future<Output = ()>) -> End {
    let overdue = async {
        signal.await;
        tokio::time::sleep(GRACE_PERIOD).await;
    };
    tokio::select! {
        () = work => {
            tracing::info!("stopped");
            End::InOrder
        }
        // Each request of a reconciliation is complete by itself, and the next start continues from there.
        () = overdue => {
            tracing::warn!("stopped before all running reconciliations ended");
            End::CutOff
        }
    }
}
