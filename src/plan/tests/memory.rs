//! What is remembered of an app while the process lives.

use crate::{
    api::{DriftChange, DriftItem},
    fixtures::{child, child_of, shop},
    plan::AppMemory,
};

fn item(name: &str) -> DriftItem {
    DriftItem {
        kind: "Service".to_owned(),
        name: name.to_owned(),
        path: "spec.type".to_owned(),
        change: DriftChange::Changed,
        dangerous: false,
        desired: String::new(),
        live: String::new(),
        manager: String::new(),
        since: None,
    }
}

#[test]
fn no_more_is_kept_for_the_status_than_it_shows() {
    let mut memory = AppMemory::default();
    for number in 0..30 {
        memory.add_reverted(&[item(&format!("shop-{number}"))]);
    }
    assert_eq!(memory.unreported.len(), 20);
    assert_eq!(memory.unreported[0].name, "shop-29", "the newest are kept, and first");
    assert_eq!(memory.reverted()["Service"], 30);
}

#[test]
fn children_are_remembered_by_kind_and_name_for_as_long_as_they_are_declared() {
    let (service, deployment) = (child("Service"), child("Deployment"));
    let mut other = shop();
    other["components"][0]["name"] = "api".into();
    let other = child_of(other, "Service");
    let mut memory = AppMemory::default();
    memory.child(&service).gone = true;
    assert!(!memory.child(&deployment).gone && !memory.child(&other).gone && memory.child(&service).gone);
    memory.retain(&[deployment, other]);
    assert!(!memory.child(&service).gone, "it was forgotten");
}
