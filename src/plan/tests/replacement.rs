//! Differences in fields that the API server never changes.

use std::time::Instant;

use serde_json::{Value, json};

use super::{disturbed, line, set, verdict};
use crate::{
    api::{ChildRef, DriftChange, DriftItem, DriftMode, HardenedAppStatus},
    app::Enforcement,
    desired::{Child, KINDS, Stage},
    fixtures::{UID, child},
    plan::{
        Change, ChildMemory, ChildState, Guards, Known, LastReport, Live, Request, Step, Verdict, Written, step,
        verdict::deleted_item,
    },
};

fn judged(child: &Child, live: Value, listed: bool, enforcement: &Enforcement) -> Verdict {
    verdict(child, Live::answered(live), listed, enforcement)
}

/// Made by another client with the app as its owner, before the operator creates it.
fn made_before(child: &Child) -> Value {
    let mut object = disturbed(child, |_| {}).live();
    object["metadata"]["annotations"] = json!({});
    object["metadata"]["managedFields"] = json!([]);
    set(&mut object, "/spec/selector/matchLabels", json!({ "app": "mine" }));
    set(&mut object, "/spec/template/metadata/labels/app", json!("mine"));
    set(&mut object, "/spec/template/spec/containers/0/securityContext/privileged", json!(true));
    object
}

#[test]
fn a_deployment_with_another_selector_is_replaced() {
    let child = child("Deployment");
    let found = judged(&child, made_before(&child), false, &Enforcement::default());
    assert_eq!(found.change, Change::Send(Request::Replace));
    let lines: Vec<String> = found.drift.iter().map(line).collect();
    assert!(lines.iter().any(|line| line.starts_with("Replaced spec.selector ")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("privileged")), "all else is reported too: {lines:#?}");
    assert!(found.is_dangerous());
}

#[test]
fn a_headless_service_is_replaced_and_an_address_is_none_of_our_business() {
    let child = child("Service");
    let service = |address: &str| {
        let mut object = disturbed(&child, |_| {}).live();
        set(&mut object, "/spec/clusterIP", json!(address));
        judged(&child, object, true, &Enforcement::default())
    };
    let headless = service("None");
    assert_eq!(headless.change, Change::Send(Request::Replace));
    assert_eq!(headless.drift.iter().map(line).collect::<Vec<_>>(), ["Replaced spec.clusterIP [] -> [None] by "]);
    assert_eq!(service("10.0.0.1").change, Change::Keep);
}

#[test]
fn what_is_observed_or_being_deleted_isnt_replaced() {
    let child = child("Deployment");
    let mut observing = Enforcement::default();
    observing.mode = DriftMode::Observe;
    let observed = judged(&child, made_before(&child), true, &observing);
    assert_eq!(observed.change, Change::Keep);
    assert!(!observed.drift.is_empty());
    let mut leaving = made_before(&child);
    set(&mut leaving, "/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"));
    assert_eq!(judged(&child, leaving, true, &Enforcement::default()).change, Change::AwaitDeletion);
}

#[test]
fn one_that_a_finalizer_keeps_is_read_until_it_is_gone_if_no_watch_shows_it() {
    let child = child("Deployment");
    let enforcement = Enforcement::default();
    let mut leaving = made_before(&child);
    set(&mut leaving, "/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"));
    let decided = |object: &Value, read: bool| {
        let (last_report, guards, live) = (LastReport::default(), Guards::InPlace, Live::answered(object.clone()));
        let enforcement = &enforcement;
        let (written, reverted) = (Written::Nothing, false);
        let known = Known { uid: UID, enforcement, last_report, guards, live, written, read, reverted };
        step(&child, &known, &ChildMemory::default(), Instant::now()).step
    };
    let waits = Step::Rest(ChildState::AwaitDeletion);
    assert_eq!(decided(&leaving, false), waits, "it has the label that the watches select by");
    for labels in [json!({ "app.kubernetes.io/managed-by": "Helm" }), Value::Null] {
        set(&mut leaving, "/metadata/labels", labels);
        assert_eq!((decided(&leaving, false), decided(&leaving, true)), (Step::Read, waits.clone()));
    }
}

#[test]
fn the_deviations_of_a_replaced_object_are_reverted_once_it_is_gone() {
    let child = child("Deployment");
    let found = judged(&child, made_before(&child), false, &Enforcement::default());
    let of_other = DriftItem { name: "shop-api".to_owned(), ..found.drift[0].clone() };
    let mut status = HardenedAppStatus::default();
    status.drift.open = [found.drift.clone(), vec![of_other]].concat();
    status.children = vec![ChildRef { kind: child.kind.name.to_owned(), name: child.name.clone() }];
    let reported = |status: &HardenedAppStatus| {
        let (enforcement, last_report) = (&Enforcement::default(), LastReport::of(status, None, true));
        let (live, guards) = (Live::Absent, Guards::InPlace);
        let (written, read, reverted) = (Written::Nothing, false, false);
        let known = Known { uid: UID, enforcement, last_report, guards, live, written, read, reverted };
        crate::plan::verdict::of(&child, &known).drift
    };
    assert_eq!(reported(&status), found.drift);
    // Without one that only a replacement reverts, another client has deleted it.
    status.drift.open.retain(|item| item.change != DriftChange::Replaced);
    assert_eq!(reported(&status), [deleted_item(&child)]);
}

#[test]
fn no_field_of_a_guard_is_immutable() {
    // Replacing a policy would leave its pods without one for a moment.
    assert!(KINDS.iter().filter(|kind| kind.stage == Stage::Guard).all(|kind| kind.rules.immutable.is_empty()));
}
