//! What becomes of an app's drift mode when its spec, its policy or its annotation changes.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Drift, Policy};
use crate::api::{DriftMode, DriftPolicy, PAUSED};

fn policy(mode: DriftMode, allow_observe: bool, allow_pause: bool) -> Policy {
    let drift = DriftPolicy { mode, allow_observe, allow_pause, ..DriftPolicy::default() };
    Policy { drift, ..Policy::default() }
}

/// The mode and the pause that are left, while a newer spec is refused, of an app that was accepted with both.
fn kept(annotated: bool, policy: Option<&Policy>) -> (DriftMode, bool) {
    let annotations = annotated.then(|| BTreeMap::from([(PAUSED.to_owned(), "true".to_owned())]));
    let mut drift = Drift { mode: DriftMode::Observe, paused: true, tolerated: Vec::new() };
    drift.keep(&ObjectMeta { annotations, ..ObjectMeta::default() }, policy);
    (drift.mode, drift.paused)
}

#[test]
fn while_a_spec_is_refused_its_policy_still_says_what_may_be_left_alone() {
    use DriftMode::{Enforce, Observe};
    assert_eq!(kept(true, Some(&policy(Enforce, true, true))), (Observe, true));
    assert_eq!(kept(true, Some(&policy(Observe, false, false))), (Observe, false));
    assert_eq!(kept(true, Some(&policy(Enforce, false, false))), (Enforce, false));
    assert_eq!(kept(false, Some(&policy(Enforce, true, true))), (Observe, false));
    // A policy that is itself refused says nothing: what held goes on, but a pause ends with its annotation.
    assert_eq!(kept(true, None), (Observe, true));
    assert_eq!(kept(false, None), (Observe, false));
}
