//! The life of a replica: it stands by, leads, and resigns or ends.

use std::{sync::Arc, time::Duration};

use k8s_openapi::{api::coordination::v1::Lease, jiff::Timestamp};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    decide::{Action, Observed, decide},
    lease::{Failed, Leases},
    record::{acquired, holder, released, renewed},
};
use crate::cluster::{RENEW_DEADLINE, Tenure, jittered};

/// The pause between two requests for the lease, longer by up to a quarter: client-go's default.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// The pause after a request for a renewal that got no answer or was refused: the next one should be answered before the deadline.
const RETRY_AFTER_FAILURE: Duration = Duration::from_millis(250);

/// How long the release may take: the kubelet kills the process soon.
const LONGEST_RELEASE: Duration = Duration::from_secs(2);

/// One replica in the election.
pub(in crate::ops) struct Election {
    leases: Leases,
    identity: String,
    tenure: Arc<Tenure>,
    observed: Observed,
    /// The lease as this process has stored it; `None` while it isn't known whether it is still that.
    held: Option<Lease>,
}

/// The leader may not write any more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::ops) enum Lost {
    #[error("the lease was not renewed within {} s, another replica may lead soon", RENEW_DEADLINE.as_secs())]
    Late,
    #[error("the lease is held by {0}")]
    Taken(String),
}

impl Election {
    pub(in crate::ops) fn new(leases: Leases, identity: String, tenure: Arc<Tenure>) -> Self {
        Self { leases, identity, tenure, observed: Observed::default(), held: None }
    }

    /// Stands by until this process leads, or is to stop: then it returns false. No request is cut off by the signal: one that is answered
    /// too late would leave a lease behind whose holder is gone. Says whenever another replica is found to lead.
    pub(in crate::ops) async fn campaign(&mut self, stands_by: impl Fn(), stop: impl Future<Output = ()>) -> bool {
        let mut stop = std::pin::pin!(stop);
        let mut leader = None;
        loop {
            match self.attempt().await {
                Ok(true) => {
                    tracing::info!(identity = self.identity, "leading, filling caches");
                    return true;
                }
                Ok(false) => {
                    stands_by();
                    let now = self.observed.holder(Instant::now()).map(str::to_owned);
                    if now != leader {
                        tracing::info!(identity = self.identity, leader = now, "standing by");
                        leader = now;
                    }
                }
                Err(failed) if failed.is_outdated() => tracing::debug!("another replica was faster"),
                Err(failed) => tracing::warn!(error = %failed, "no answer about the lease, trying again"),
            }
            tokio::select! {
                () = sleep(jittered(RETRY_PERIOD)) => {}
                () = &mut stop => return false,
            }
        }
    }

    /// Renews the lease for as long as that succeeds. Returns at the deadline at the latest; nothing is written from then on.
    pub(in crate::ops) async fn keep(&mut self) -> Lost {
        let mut pause = jittered(RETRY_PERIOD);
        while let Some(deadline) = self.tenure.deadline() {
            let renewal = async {
                sleep(pause).await;
                self.renew().await
            };
            pause = match timeout_at(deadline, renewal).await {
                Ok(Ok(true)) => jittered(RETRY_PERIOD),
                Ok(Err(failed)) => {
                    tracing::warn!(error = %failed, "lease not renewed, trying again");
                    RETRY_AFTER_FAILURE
                }
                Ok(Ok(false)) | Err(_) => break,
            };
        }
        self.tenure.end();
        let other = self.observed.holder(Instant::now()).filter(|holder| *holder != self.identity);
        other.map_or(Lost::Late, |holder| Lost::Taken(holder.to_owned()))
    }

    /// Ends the tenure and lets another replica lead at once. Only once every write has ended: else the lease runs out by itself.
    pub(in crate::ops) async fn resign(mut self) {
        self.tenure.end();
        if !self.tenure.has_ended_in_order() {
            return tracing::warn!("lease not released: a write may still be under way");
        }
        match timeout(LONGEST_RELEASE, self.release()).await {
            Ok(Ok(true)) => tracing::info!("lease released"),
            Ok(Ok(false)) => tracing::warn!("lease not released: another replica holds it"),
            Ok(Err(failed)) => tracing::warn!(error = %failed, "lease not released"),
            Err(_) => tracing::warn!("lease not released: no answer"),
        }
    }

    /// One request where the lease is as this process has stored it; else as in [`Self::attempt`].
    async fn renew(&mut self) -> Result<bool, Failed> {
        if let Some(lease) = self.held.take() {
            let record = renewed(&lease.spec.clone().unwrap_or_default(), Timestamp::now());
            match self.store(async |leases| leases.replace(lease, record).await).await {
                // Read what has changed.
                Err(failed) if failed.is_outdated() => {}
                answer => return answer,
            }
        }
        self.attempt().await
    }

    /// Reads the lease and takes or renews it, if this process may. Returns whether this process may write now.
    async fn attempt(&mut self) -> Result<bool, Failed> {
        let found = self.leases.get().await?;
        let spec = found.as_ref().map(|lease| lease.spec.clone().unwrap_or_default());
        let now = Instant::now();
        if let Some(record) = &spec {
            self.observed.see(record, now);
        }
        let action = decide(&self.identity, spec.as_ref(), &self.observed, now);
        let time = Timestamp::now();
        match (action, found, spec) {
            (Action::Wait, ..) => Ok(false),
            (Action::Renew, Some(lease), Some(record)) => {
                let record = renewed(&record, time);
                self.store(async |leases| leases.replace(lease, record).await).await
            }
            (_, Some(lease), record) => {
                let record = acquired(&self.identity, record.as_ref(), time);
                self.store(async |leases| leases.replace(lease, record).await).await
            }
            (_, None, _) => {
                let record = acquired(&self.identity, None, time);
                self.store(async |leases| leases.create(record).await).await
            }
        }
    }

    /// Sends a record with this process as the holder. The lease counts from before that: others see it later.
    async fn store(&mut self, request: impl AsyncFnOnce(&Leases) -> Result<Lease, Failed>) -> Result<bool, Failed> {
        let sent = Instant::now();
        let lease = request(&self.leases).await?;
        if let Some(record) = &lease.spec {
            self.observed.see(record, Instant::now());
        }
        self.held = Some(lease);
        Ok(self.tenure.renewed(sent))
    }

    /// Releases the lease, if this process holds it. A renewal that was cut off may be stored between any two of these requests: then it is
    /// read again.
    async fn release(&mut self) -> Result<bool, Failed> {
        let mut held = self.held.take();
        loop {
            let known = if held.is_some() { held.take() } else { self.leases.get().await? };
            let Some(lease) = known else { return Ok(false) };
            let record = lease.spec.clone().unwrap_or_default();
            if holder(&record) != Some(&self.identity) {
                return Ok(false);
            }
            match self.leases.replace(lease, released(&record, Timestamp::now())).await {
                Err(failed) if failed.is_outdated() => {}
                answer => return answer.map(|_| true),
            }
        }
    }
}
