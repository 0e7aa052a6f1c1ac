//! What a Lease says: who holds it since when. As client-go keeps it; other replicas compare the whole record, and read no time from it.

use std::time::Duration;

use k8s_openapi::{api::coordination::v1::LeaseSpec, apimachinery::pkg::apis::meta::v1::MicroTime, jiff::Timestamp};

use crate::cluster::LEASE_DURATION;

/// The holder; `None` if there is none.
pub(super) fn holder(record: &LeaseSpec) -> Option<&str> {
    record.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// How long the record counts after it was first seen.
pub(super) fn duration(record: &LeaseSpec) -> Duration {
    let seconds = record.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
    Duration::from_secs(seconds).max(LEASE_DURATION)
}

/// The first record of a new holder.
pub(super) fn acquired(identity: &str, earlier: Option<&LeaseSpec>, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: i32::try_from(LEASE_DURATION.as_secs()).ok(),
        acquire_time: Some(MicroTime(now)),
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(earlier.map_or(0, |earlier| transitions(earlier).saturating_add(1))),
        ..LeaseSpec::default()
    }
}

/// The next record of the same holder.
pub(super) fn renewed(record: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec { renew_time: Some(MicroTime(now)), ..record.clone() }
}

/// The record that lets another replica lead at once. Its duration must be positive.
pub(super) fn released(record: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        acquire_time: Some(MicroTime(now)),
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(transitions(record)),
        ..LeaseSpec::default()
    }
}

fn transitions(record: &LeaseSpec) -> i32 {
    record.lease_transitions.unwrap_or_default()
}
