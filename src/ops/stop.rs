//! The end of the process, as Kubernetes asks for it.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use futures::FutureExt;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use super::health::Health;

/// What is under way may take so long to finish; 30 s after asking, Kubernetes kills.
const PATIENCE: Duration = Duration::from_secs(25);

/// Completes on SIGTERM or SIGINT; from then on the process isn't ready.
///
/// # Errors
/// Where signals can't be received.
pub(super) fn told(
    health: Arc<Health>,
) -> anyhow::Result<impl Future<Output = ()> + Clone + Send + Sync + Unpin + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        health.stop();
        tracing::info!("told to stop");
        let _ = sender.send(());
    });
    Ok(receiver.map(drop).shared())
}

/// Runs the work to its end, which may come late, but not too late, after the process was told to stop.
pub(super) async fn finish(work: impl Future<Output = ()>, told: impl Future<Output = ()>) {
    let overdue = async {
        told.await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        () = work => tracing::info!("stopped"),
        // Each step of a look is whole by itself, and the next start goes on from there.
        () = overdue => tracing::warn!("stopped before everything under way was done"),
    }
}
