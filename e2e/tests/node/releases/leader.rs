//! The operator's leading process is killed; another replica takes over.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::operator::LEASE;
use e2e::{show, until};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use tokio::time::{Instant, sleep};

use crate::place::LIMIT;
use crate::pod;

/// When a leader was killed, and when another process led.
pub(super) struct Takeover {
    pub(super) at: Instant,
    /// When another process held the lease.
    pub(super) followed: Instant,
}

/// Kills the process that leads after a while, and waits until another one does.
pub(super) async fn kill(client: &Client, delay: Duration) -> Result<Takeover> {
    sleep(delay).await;
    let (name, namespace) = LEASE;
    let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
    let leader = holder(&leases, name).await?.context("no process leads")?;
    // A random part follows the name of the pod.
    let (pod, _) = leader.rsplit_once('_').with_context(|| format!("{leader} names no pod"))?;
    pod::kill(&Api::<Pod>::namespaced(client.clone(), namespace).get(pod).await?).await?;
    let at = Instant::now();
    until("another process leads", LIMIT, async || {
        Ok(holder(&leases, name).await?.is_some_and(|holder| holder != leader).then_some(()))
    })
    .await?;
    let takeover = Takeover { at, followed: Instant::now() };
    show(&format!(
        "{pod} was killed {:.1} s after the beginning, another process led {:.1} s later",
        delay.as_secs_f32(),
        (takeover.followed - takeover.at).as_secs_f32()
    ));
    Ok(takeover)
}

async fn holder(leases: &Api<Lease>, name: &str) -> Result<Option<String>> {
    let spec = leases.get(name).await?.spec.unwrap_or_default();
    Ok(spec.holder_identity.filter(|holder| !holder.is_empty()))
}
