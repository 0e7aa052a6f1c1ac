//! What to do with the lease as it was read. No client and no clock: time is an argument.

use k8s_openapi::api::coordination::v1::LeaseSpec;
use tokio::time::Instant;

use super::record::{duration, holder};

/// The record that was read last, and since when it is known, by this process's own clock. The times in the record are of other clocks and
/// aren't read.
#[derive(Debug, Default)]
pub(super) struct Observed(Option<(LeaseSpec, Instant)>);

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// There is no lease: create it.
    Create,
    /// This process holds the lease: renew it.
    Renew,
    /// No other process holds it any more: replace the very version that was read.
    TakeOver,
    /// Another process holds it.
    Wait,
}

impl Observed {
    /// Remembers a record that was read now; one that hasn't changed has been known since earlier.
    pub(super) fn see(&mut self, record: &LeaseSpec, now: Instant) {
        if self.0.as_ref().is_none_or(|(known, _)| known != record) {
            self.0 = Some((record.clone(), now));
        }
    }

    /// The holder, if its record counts.
    pub(super) fn holder(&self, now: Instant) -> Option<&str> {
        let (record, since) = self.0.as_ref()?;
        holder(record).filter(|_| now.saturating_duration_since(*since) <= duration(record))
    }
}

/// Decides what to do with the lease that was found, after [`Observed::see`].
pub(super) fn decide(identity: &str, found: Option<&LeaseSpec>, observed: &Observed, now: Instant) -> Action {
    match (found, observed.holder(now)) {
        // Deleted or not, a record that counts may still let its holder write.
        (_, Some(holder)) if holder != identity => Action::Wait,
        (None, _) => Action::Create,
        (Some(record), _) if holder(record) == Some(identity) => Action::Renew,
        (Some(_), _) => Action::TakeOver,
    }
}
