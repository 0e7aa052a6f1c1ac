//! The decision, as a table.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::LeaseSpec;
use tokio::time::Instant;

use crate::{
    cluster::LEASE_DURATION,
    ops::election::decide::{Action, Observed, decide},
};

fn record(holder: &str, seconds: i32) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: Some(seconds),
        ..LeaseSpec::default()
    }
}

/// What replica `a` does with a record that it has known for so long, and that is still stored, or was deleted.
fn action(known: Option<&LeaseSpec>, since: Duration, is_stored: bool) -> Action {
    let (mut observed, began) = (Observed::default(), Instant::now());
    if let Some(record) = known {
        observed.see(record, began);
        observed.see(record, began + since);
    }
    decide("a", known.filter(|_| is_stored), &observed, began + since)
}

#[test]
fn only_a_record_of_another_replica_that_still_counts_is_waited_for() {
    let (now, late, longer) = (Duration::ZERO, LEASE_DURATION + Duration::from_millis(1), Duration::from_mins(1));
    for (known, since, is_stored, expected) in [
        (None, now, false, Action::Create),
        (Some(record("b", 15)), now, true, Action::Wait),
        (Some(record("b", 15)), LEASE_DURATION, true, Action::Wait),
        (Some(record("b", 15)), late, true, Action::TakeOver),
        // Another version of the operator may have longer leases; none expires sooner than this one's own.
        (Some(record("b", 60)), longer, true, Action::Wait),
        (Some(record("b", 60)), longer + late, true, Action::TakeOver),
        (Some(record("b", 1)), LEASE_DURATION, true, Action::Wait),
        (Some(record("b", -5)), LEASE_DURATION, true, Action::Wait),
        (Some(record("", 1)), now, true, Action::TakeOver),
        (Some(LeaseSpec::default()), now, true, Action::TakeOver),
        (Some(record("a", 15)), now, true, Action::Renew),
        (Some(record("a", 15)), late, true, Action::Renew),
        // Deleted: its holder may still write.
        (Some(record("b", 15)), LEASE_DURATION, false, Action::Wait),
        (Some(record("b", 15)), late, false, Action::Create),
        (Some(record("a", 15)), now, false, Action::Create),
        (Some(record("", 1)), now, false, Action::Create),
    ] {
        assert_eq!(action(known.as_ref(), since, is_stored), expected, "{known:?} {since:?} {is_stored}");
    }
}

#[test]
fn each_change_of_the_record_counts_anew() {
    let (mut observed, began) = (Observed::default(), Instant::now());
    observed.see(&record("b", 15), began);
    let later = began + LEASE_DURATION;
    observed.see(&LeaseSpec { lease_transitions: Some(1), ..record("b", 15) }, later);
    assert_eq!(observed.holder(later + LEASE_DURATION), Some("b"));
}
