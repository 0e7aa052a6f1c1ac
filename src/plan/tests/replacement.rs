//! Differences in fields that the API server never changes.

use serde_json::{Value, json};

use super::{disturbed, line, set, verdict};
use crate::{
    api::DriftMode,
    app::Enforcement,
    desired::{Child, KINDS, Stage},
    fixtures::child,
    plan::{Change, Live, Request, Verdict},
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
fn no_field_of_a_guard_is_immutable() {
    // Replacing a policy would leave its pods without one for a moment.
    assert!(KINDS.iter().filter(|kind| kind.stage == Stage::Guard).all(|kind| kind.rules.immutable.is_empty()));
}
