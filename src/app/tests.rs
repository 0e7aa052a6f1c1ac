//! How an app's drift mode and pause follow from its spec, its policy and its annotation.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{enforcement::Enforcement, policy::Policy};
use crate::api::{
    DriftMode::{self, Enforce, Observe},
    DriftPolicy, PAUSED,
};

fn policy(mode: DriftMode, allow_observe: bool, allow_pause: bool) -> Policy {
    let drift = DriftPolicy { mode, allow_observe, allow_pause, ..DriftPolicy::default() };
    Policy { drift, ..Policy::default() }
}

fn annotated(value: Option<&str>) -> ObjectMeta {
    let annotations = value.map(|value| BTreeMap::from([(PAUSED.to_owned(), value.to_owned())]));
    ObjectMeta { annotations, ..ObjectMeta::default() }
}

/// Mode, pause, and the checks of the findings.
fn granted(asked: Option<DriftMode>, annotation: Option<&str>, policy: &Policy) -> (DriftMode, bool, Vec<String>) {
    summary(&Enforcement::grant(asked, &annotated(annotation), policy))
}

fn summary(drift: &Enforcement) -> (DriftMode, bool, Vec<String>) {
    (drift.mode, drift.paused, drift.findings().into_iter().map(|finding| finding.check).collect())
}

#[test]
fn the_policy_grants_what_it_allows_and_a_finding_reports_the_rest() {
    let (strict, open) = (policy(Enforce, false, false), policy(Enforce, true, true));
    let (not_reverted, refused) = ("drift-not-undone".to_owned(), "drift-not-granted".to_owned());
    assert_eq!(granted(None, None, &strict), (Enforce, false, vec![]));
    assert_eq!(granted(Some(Observe), None, &open), (Observe, false, vec![not_reverted.clone()]));
    assert_eq!(granted(Some(Observe), None, &strict), (Enforce, false, vec![refused.clone()]));
    assert_eq!(granted(None, Some("true"), &open), (Enforce, true, vec![not_reverted.clone()]));
    assert_eq!(granted(None, Some("true"), &strict), (Enforce, false, vec![refused.clone()]));
    assert_eq!(granted(None, Some("yes"), &open), (Enforce, false, vec![refused]));
    // The mode Observe of a policy also allows it, and an app may be stricter than its policy.
    assert_eq!(granted(None, None, &policy(Observe, false, false)), (Observe, false, vec![not_reverted.clone()]));
    assert_eq!(granted(Some(Observe), None, &policy(Observe, false, false)), (Observe, false, vec![not_reverted]));
    assert_eq!(granted(Some(Enforce), Some("false"), &policy(Observe, false, false)), (Enforce, false, vec![]));
}

#[test]
fn while_a_spec_is_rejected_its_policy_still_decides_mode_and_pause() {
    let kept = |asked, annotation, policy: Option<&Policy>| {
        let mut drift = Enforcement::grant(asked, &annotated(Some("true")), &self::policy(Observe, true, true));
        drift.keep(&annotated(annotation), policy);
        let (mode, paused, _) = summary(&drift);
        (mode, paused)
    };
    let asked = Some(Observe);
    assert_eq!(kept(asked, Some("true"), Some(&policy(Enforce, true, true))), (Observe, true));
    assert_eq!(kept(asked, Some("true"), Some(&policy(Enforce, false, false))), (Enforce, false));
    assert_eq!(kept(asked, None, Some(&policy(Enforce, true, true))), (Observe, false));
    // An app that never asked for Observe loses it when the policy's mode changes.
    assert_eq!(kept(None, Some("true"), Some(&policy(Enforce, true, true))), (Enforce, true));
    // While the policy is rejected, too, the mode stays, and a pause ends when its annotation is removed.
    assert_eq!(kept(asked, Some("true"), None), (Observe, true));
    assert_eq!(kept(asked, None, None), (Observe, false));
}
