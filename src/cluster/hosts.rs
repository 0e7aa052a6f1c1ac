//! The hosts of an app: which of them it has, while its objects for them are written.

use std::collections::BTreeSet;

use kube::Resource;

use super::{cache::Claimant, context::Context};
use crate::{
    api::StoredApp,
    app::{AppId, Exposure},
    desired::unenforceable,
    release::Target,
};

/// The hosts of an app, while its objects are written: no other app gets them meanwhile, also if this one is deleted.
pub struct ClaimedHosts<'a> {
    context: &'a Context,
    uid: String,
    /// Those that objects of others serve, too.
    pub shared: BTreeSet<String>,
}

impl Context {
    /// Claims the hosts of an app, and tells the target which it doesn't have. What can't be exposed claims nothing.
    #[must_use]
    pub fn claim_hosts(&self, stored: &StoredApp, target: &mut Target) -> ClaimedHosts<'_> {
        let created = stored.meta().creation_timestamp.as_ref().map(|time| time.0.to_string()).unwrap_or_default();
        let is_claimed = |exposure: &&Exposure| unenforceable(exposure).is_none();
        let hosts: Vec<String> =
            target.ungated.exposures.iter().filter(is_claimed).map(|exposure| exposure.host.clone()).collect();
        let (claims, wake) = self.cache.claim_hosts(&Claimant::new(&target.id, created), &hosts);
        self.triggers.reconcile(wake);
        target.unclaimed = claims.unclaimed;
        ClaimedHosts { context: self, uid: target.id.uid.clone(), shared: claims.shared }
    }

    /// An app that is being deleted, or of which nothing is applied, waits for no host. What its objects still serve no other app gets.
    pub fn release_hosts(&self, id: &AppId) {
        self.triggers.reconcile(self.cache.host_claims_of_gone(&id.uid));
    }
}

impl Drop for ClaimedHosts<'_> {
    fn drop(&mut self) {
        self.context.triggers.reconcile(self.context.cache.hosts_written(&self.uid));
    }
}
