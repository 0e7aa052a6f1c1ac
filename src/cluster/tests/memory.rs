//! What is remembered of an app while the process lives.

use crate::cluster::{FailureClass, Memory, backoff};

#[test]
fn a_name_that_is_taken_is_remembered_by_kind_and_name_until_the_app_goes() {
    let memory = Memory::default();
    memory.of("app", |app| app.conflict_seen("Service", "shop-web", "HelmApp shop"));
    let known = |uid: &str, kind, name: &str| memory.of(uid, |app| app.known_conflict(kind, name));
    assert_eq!(known("app", "Service", "shop-web").as_deref(), Some("HelmApp shop"));
    assert_eq!(known("app", "Deployment", "shop-web"), None);
    assert_eq!(known("app", "Service", "shop-api"), None);
    assert_eq!(known("another app", "Service", "shop-web"), None);
    memory.forget("app");
    assert_eq!(known("app", "Service", "shop-web"), None);
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
