//! What is remembered of an app while the process lives.

use std::time::{Duration, Instant};

use k8s_openapi::jiff::Timestamp;

use crate::{
    api::DriftItem,
    fixtures::{child, child_of, drift_item, shop},
    plan::{AppMemory, ChildMemory},
};

#[test]
fn no_more_is_kept_for_the_status_than_it_shows() {
    let mut memory = AppMemory::default();
    for number in 0..30 {
        memory.add_reverted(&[drift_item(&format!("shop-{number}"))], Timestamp::from_second(100).unwrap());
    }
    assert_eq!(memory.unreported.len(), 20);
    assert_eq!(memory.unreported[0].name, "shop-29", "the newest are kept, and first");
    assert_eq!(memory.reverted()["Service"], 30);
}

#[test]
fn what_was_reverted_is_dated_as_the_api_stores_it() {
    let mut memory = AppMemory::default();
    memory.add_reverted(&[drift_item("shop-web")], Timestamp::from_millisecond(100_700).unwrap());
    let stored: Vec<DriftItem> = serde_json::from_value(serde_json::to_value(&memory.unreported).unwrap()).unwrap();
    assert_eq!(stored, memory.unreported, "a status that comes back through a watch has the same item");
}

#[test]
fn children_are_remembered_by_kind_and_name_for_as_long_as_they_are_declared() {
    let (service, deployment) = (child("Service"), child("Deployment"));
    let mut other = shop();
    other["components"][0]["name"] = "api".into();
    let other = child_of(other, "Service");
    let mut memory = AppMemory::default();
    for child in [&service, &deployment, &other] {
        memory.change(child, |memory| memory.gone = true);
    }
    memory.change(&deployment, |memory| memory.gone = false);
    assert!(memory.child(&service).gone && !memory.child(&deployment).gone && memory.child(&other).gone);
    memory.retain(&[other]);
    assert!(!memory.child(&service).gone, "it was forgotten");
}

#[test]
fn nothing_is_kept_of_a_child_that_needs_nothing() {
    let (service, now) = (child("Service"), Instant::now());
    let mut memory = AppMemory::default();
    memory.change(&service, |memory| memory.add_refusal(&service, "denied", now, Duration::from_secs(15)));
    memory.change(&service, ChildMemory::clear_failures);
    assert_eq!(memory.remembered(), 0);
}
