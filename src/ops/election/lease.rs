//! The requests for the Lease: read, create, replace the version that was read. Each is limited in time.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::timeout;

use crate::api::MANAGER;

/// The name of the Lease.
pub(in crate::ops) const LEASE: &str = MANAGER;

/// Less than a third of the renew deadline: where a renewal isn't answered, there is time to read the lease and to replace it, also if each of
/// these answers takes more than a second, over a connection that must be opened first.
const LONGEST: Duration = Duration::from_secs(3);

/// The Lease, and the client for it, which the fence doesn't hold back.
pub(in crate::ops) struct Leases(Api<Lease>);

/// A request for the lease that didn't succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("no answer within {} s", LONGEST.as_secs())]
    Timeout,
    #[error(transparent)]
    Kube(#[from] kube::Error),
}

impl Failed {
    /// The lease isn't what was read any more: another process was faster, or it was deleted.
    pub(super) fn is_outdated(&self) -> bool {
        matches!(self, Self::Kube(kube::Error::Api(status)) if matches!(status.code, 404 | 409))
    }
}

impl Leases {
    /// The lease in a namespace.
    pub(in crate::ops) fn new(client: Client, namespace: &str) -> Self {
        Self(Api::namespaced(client, namespace))
    }

    pub(super) async fn get(&self) -> Result<Option<Lease>, Failed> {
        limited(self.0.get_opt(LEASE)).await
    }

    pub(super) async fn create(&self, record: LeaseSpec) -> Result<Lease, Failed> {
        let metadata = ObjectMeta { name: Some(LEASE.to_owned()), ..ObjectMeta::default() };
        let lease = Lease { metadata, spec: Some(record) };
        limited(self.0.create(&PostParams::default(), &lease)).await
    }

    /// Replaces the record, if the lease is still the version that was read: "clients [...] pass the value back to the server", which answers
    /// 409 if it has changed: <https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>
    pub(super) async fn replace(&self, read: Lease, record: LeaseSpec) -> Result<Lease, Failed> {
        let lease = Lease { spec: Some(record), ..read };
        limited(self.0.replace(LEASE, &PostParams::default(), &lease)).await
    }
}

async fn limited<T>(request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Failed> {
    Ok(timeout(LONGEST, request).await.map_err(|_| Failed::Timeout)??)
}
