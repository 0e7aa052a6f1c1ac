//! What the status keeps of drift.

use super::{at, first, item, outcome, report, then};
use crate::api::HardenedAppStatus;

fn reverted(previous: &HardenedAppStatus, second: i64, paths: &[&str]) -> HardenedAppStatus {
    let outcome = outcome(|applied| applied.children[1].reverted = paths.iter().map(|path| item(path)).collect());
    report(previous, Some(1), &outcome, at(second))
}

#[test]
fn the_newest_twenty_are_kept_newest_first() {
    let mut status = HardenedAppStatus::default();
    for second in 0..25 {
        status = reverted(&status, second, &[&format!("spec.a{second}"), &format!("spec.b{second}")]);
    }
    let paths: Vec<&str> = status.drift.reverted.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(paths.len(), 20);
    assert_eq!(paths[..3], ["spec.a24", "spec.b24", "spec.a23"]);
}

#[test]
fn new_items_are_always_kept_and_dangerous_ones_are_kept_longest() {
    let dangerous = |path: &str| crate::api::DriftItem { dangerous: true, ..item(path) };
    let known: Vec<_> = (0..20).map(|number| dangerous(&format!("spec.d{number}"))).collect();
    let full = first(&outcome(|applied| applied.children[1].reverted = known));
    let updated = reverted(&full, 200, &["spec.replicas"]);
    assert_eq!(updated.drift.reverted.len(), 20);
    assert_eq!(updated.drift.reverted[0].path, "spec.replicas");
    assert_eq!(updated.drift.reverted.iter().filter(|item| item.dangerous).count(), 19);
    // The harmless one is dropped first.
    let later = report(
        &updated,
        Some(1),
        &outcome(|applied| applied.children[1].reverted = vec![dangerous("spec.d20")]),
        at(300),
    );
    assert!(later.drift.reverted.iter().all(|item| item.dangerous) && later.drift.reverted.len() == 20);
}

#[test]
fn unclaimed_drift_is_dated_when_it_is_first_observed() {
    let since = |item: &crate::api::DriftItem| item.since.as_ref().unwrap().0;
    let status = reverted(&HardenedAppStatus::default(), 100, &["spec.a"]);
    assert_eq!(since(&status.drift.reverted[0]), at(100));
    let open = |applied: &mut super::Applied| applied.children[1].open = vec![item("spec.a")];
    let observed = first(&outcome(open));
    let again = then(&observed, &outcome(open));
    assert_eq!(since(&again.drift.open[0]), at(100));
}

#[test]
fn a_claimed_time_stays_as_claimed() {
    let dated = crate::api::DriftItem { since: Some(k8s_time(7)), ..item("spec.a") };
    let status = first(&outcome(|applied| applied.children[1].reverted = vec![dated.clone()]));
    assert_eq!(status.drift.reverted, [dated]);
}

fn k8s_time(second: i64) -> k8s_openapi::apimachinery::pkg::apis::meta::v1::Time {
    k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at(second))
}

#[test]
fn open_drift_is_dropped_once_it_is_gone_and_reverted_drift_stays() {
    let open = first(&outcome(|applied| applied.children[1].open = vec![item("spec.a")]));
    assert_eq!(open.drift.open.len(), 1);
    let healed = then(&open, &outcome(|applied| applied.children[1].reverted = vec![item("spec.a")]));
    assert_eq!((healed.drift.open.len(), healed.drift.reverted.len()), (0, 1));
    let unchanged = then(&healed, &outcome(|_| {}));
    assert_eq!((unchanged.drift.open.len(), unchanged.drift.reverted.len()), (0, 1));
}
