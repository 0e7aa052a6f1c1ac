//! What is remembered of an app while the process lives.

use std::time::Duration;

use crate::{
    api::{DriftChange, DriftItem},
    cluster::{FailureClass, Memory, backoff},
    desired::Child,
    fixtures::child,
};

#[test]
fn a_name_that_is_taken_is_remembered_by_kind_and_name_until_the_app_goes() {
    let memory = Memory::default();
    let service = child("Service");
    let other = Child { name: "shop-api".to_owned(), ..service.clone() };
    memory.of("app", |app| app.conflict_seen(&service, "HelmApp shop"));
    let known = |uid: &str, child: &Child| memory.of(uid, |app| app.known_conflict(child)).map(|(_, holder)| holder);
    assert_eq!(known("app", &service).as_deref(), Some("HelmApp shop"));
    assert_eq!(known("app", &child("Deployment")), None);
    assert_eq!(known("app", &other), None);
    assert_eq!(known("another app", &service), None);
    memory.forget("app");
    assert_eq!(known("app", &service), None);
}

#[test]
fn a_guard_is_tried_again_soon_and_a_workload_later() {
    let memory = Memory::default();
    let pause = |child: &Child| {
        memory.of("app", |app| {
            app.conflict_seen(child, "nobody");
            app.known_conflict(child).unwrap().0
        })
    };
    assert!(pause(&child("NetworkPolicy")) <= Duration::from_secs(30));
    assert!(pause(&child("Service")) > Duration::from_mins(4));
}

#[test]
fn a_refused_write_is_left_alone_until_it_is_another_or_the_object_is_ours() {
    let memory = Memory::default();
    let service = child("Service");
    let newer = Child { hash: "newer".to_owned(), ..service.clone() };
    let refused = |child: &Child| memory.of("app", |app| app.refusal(child, false)).map(|(_, words)| words);
    let first = memory.of("app", |app| app.refused(&service, "denied by the quota"));
    assert_eq!(refused(&service).as_deref(), Some("denied by the quota"));
    assert_eq!(refused(&newer), None);
    assert!(memory.of("app", |app| app.refused(&service, "denied by the quota")) > first);
    memory.of("app", |app| app.at_peace(&service));
    assert_eq!(refused(&service), None);
}

#[test]
fn no_more_is_kept_for_the_status_than_it_shows() {
    let memory = Memory::default();
    let item = DriftItem {
        kind: "Service".to_owned(),
        name: "shop-web".to_owned(),
        path: "spec.type".to_owned(),
        change: DriftChange::Changed,
        dangerous: false,
        desired: String::new(),
        live: String::new(),
        manager: String::new(),
        since: None,
    };
    for number in 0..30 {
        let item = DriftItem { name: format!("shop-{number}"), ..item.clone() };
        memory.of("app", |app| app.undone(&[item]));
    }
    let kept = memory.of("app", |app| app.unreported.clone());
    assert_eq!(kept.len(), 20);
    assert_eq!(kept.first().map(|item| item.name.as_str()), Some("shop-29"), "the newest are kept, and first");
}

#[test]
fn pauses_grow_with_failures_to_a_bound_and_by_what_failed() {
    let seconds = |class, failures| backoff(class, failures).as_secs_f64();
    for (class, first, longest) in [
        (FailureClass::Outdated, 0.1, 10.0),
        (FailureClass::Unavailable, 1.0, 60.0),
        (FailureClass::Refused, 15.0, 300.0),
    ] {
        // Up to a quarter more, so that apps that failed together don't come back together.
        assert!((first..=first * 1.25).contains(&seconds(class, 1)), "{class:?}");
        assert!((first * 2.0..=first * 2.5).contains(&seconds(class, 2)), "{class:?}");
        assert!((longest..=longest * 1.25).contains(&seconds(class, u32::MAX)), "{class:?}");
    }
}
