//! The operator as a process that is killed where the proxy says so, and started again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use e2e::operator::{LEASE, Operator};
use e2e::{ControlPlane, until};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::task::JoinHandle;

use super::proxy::Proxy;
use crate::wait::LIMIT;

/// Faults of several namespaces within this time are answered by killing the process once.
const TOGETHER: Duration = Duration::from_millis(200);

/// The operator counts as idle this long after its last request: longer than it waits between any two writes.
const REST: Duration = Duration::from_secs(2);

/// Keeps an operator running; dropping it ends that.
pub(crate) struct RestartedOperator {
    running: Arc<Mutex<Option<Operator>>>,
    proxy: Arc<Proxy>,
    work: JoinHandle<Result<()>>,
}

impl RestartedOperator {
    pub(crate) fn start(control_plane: ControlPlane, proxy: Arc<Proxy>) -> Result<Self> {
        let first = Operator::spawn_with(&control_plane, proxy.kubeconfig())?;
        let running = Arc::new(Mutex::new(Some(first)));
        let work = tokio::spawn(replace(control_plane, proxy.clone(), running.clone()));
        Ok(Self { running, proxy, work })
    }

    /// Returns when the process has been idle for a while, and leads.
    pub(crate) async fn quiet(&self) -> Result<()> {
        until("the operator is idle", LIMIT, async || {
            if self.work.is_finished() {
                bail!("the operator couldn't be started again");
            }
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(operator) = &*running else { return Ok(None) };
            Ok((self.proxy.idle() > REST && operator.leads()?).then_some(()))
        })
        .await
    }
}

impl Drop for RestartedOperator {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn replace(control_plane: ControlPlane, proxy: Arc<Proxy>, running: Arc<Mutex<Option<Operator>>>) -> Result<()> {
    let leases = Api::namespaced(control_plane.admin_client().await?, LEASE.1);
    loop {
        proxy.is_hit().await?;
        tokio::time::sleep(TOGETHER).await;
        let operator = running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(operator) = operator {
            operator.kill().await;
        }
        release(&leases).await?;
        proxy.killed();
        let next = Operator::spawn_with(&control_plane, proxy.kubeconfig())?;
        *running.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
    }
}

/// Ends the lease of the process that was killed: waiting for that isn't what is tested here.
async fn release(leases: &Api<Lease>) -> Result<()> {
    let released = json!({ "spec": { "holderIdentity": "" } });
    match leases.patch(LEASE.0, &PatchParams::default(), &Patch::Merge(released)).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        answer => Ok(answer.map(drop)?),
    }
}
