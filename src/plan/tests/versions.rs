//! Managers that use another version of the API: their entries in `managedFields` have other paths.

use serde_json::{Value, json};

use super::{LISTED, child_of, lines, set, shop};
use crate::{
    app::Enforcement,
    desired::Child,
    fixtures::UID,
    plan::{Basis, Verdict, judge, tests::fake::Fake},
};

const METRICS: &str = "/spec/metrics";
const CPU: &str = "/spec/metrics/0/resource/target/averageUtilization";

fn autoscaler() -> Child {
    let mut spec = shop();
    spec["components"][0]["autoscaling"] = json!({ "min": 1, "max": 3, "cpu": 80, "memory": 70 });
    child_of(spec, "HorizontalPodAutoscaler")
}

/// The autoscaler after a change by a client of another version, with the entries of `managedFields` that it leaves.
fn changed(change: impl FnOnce(&mut Value), entries: &[Value]) -> Verdict {
    let child = autoscaler();
    let mut fake = Fake::default();
    fake.apply(&child);
    let mut live = fake.live();
    change(&mut live);
    let fields = live.pointer_mut("/metadata/managedFields").unwrap().as_array_mut().unwrap();
    fields.extend(entries.iter().cloned());
    judge(&child, UID, &live, Basis { verified: true, ..LISTED }, &Enforcement::default())
}

/// The server removes every claim to a value that another manager changes.
fn disown_metrics(live: &mut Value) {
    let fields = live.pointer_mut("/metadata/managedFields/0/fieldsV1/f:spec").unwrap().as_object_mut().unwrap();
    fields.remove("f:metrics").unwrap();
}

fn entry(manager: &str, version: &str, fields: &Value) -> Value {
    json!({
        "manager": manager, "operation": "Update", "apiVersion": version, "time": "2026-07-02T12:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    })
}

fn scaler(manager: &str) -> Value {
    entry(manager, "autoscaling/v1", &json!({ "f:spec": { "f:targetCPUUtilizationPercentage": {} } }))
}

fn lower(live: &mut Value) {
    set(live, CPU, json!(10));
    disown_metrics(live);
}

#[test]
fn a_manager_of_another_version_is_named_where_no_other_claims_the_value() {
    let path = "spec.metrics[0].resource.target.averageUtilization";
    let by = |manager: &str| vec![format!("Changed {path} [80] -> [10] by {manager}")];
    assert_eq!(lines(&changed(lower, &[scaler("scaler-v1")])), by("scaler-v1"));
    assert_eq!(lines(&changed(lower, &[scaler("scaler-v1"), scaler("scaler-v1")])), by("scaler-v1"));
    assert_eq!(lines(&changed(lower, &[scaler("scaler-v1"), scaler("other")])), by("unknown"));
    let known = entry("k", "autoscaling/v2", &json!({ "f:spec": { "f:metrics": {} } }));
    assert_eq!(lines(&changed(lower, &[scaler("scaler-v1"), known])), by("k"));
}

#[test]
fn a_later_claim_of_another_version_outweighs_the_operators_own() {
    let kept = |live: &mut Value| set(live, CPU, json!(10));
    let found = lines(&changed(kept, &[scaler("scaler-v1")]));
    assert!(found[0].ends_with(" by scaler-v1"), "{found:?}");
    let earlier = |live: &mut Value| {
        kept(live);
        set(live, "/metadata/managedFields/0/time", json!("2026-07-03T12:00:00Z"));
    };
    let found = lines(&changed(earlier, &[scaler("scaler-v1")]));
    assert!(!found[0].ends_with(" by scaler-v1"), "{found:?}");
}

#[test]
fn an_entry_of_another_version_that_explains_every_field_it_names_says_nothing_about_others() {
    let fields = json!({ "f:spec": { "f:minReplicas": {} }, "f:status": { "f:currentCPUUtilizationPercentage": {} } });
    let mut fields_without_status = fields.clone();
    fields_without_status.as_object_mut().unwrap().remove("f:status");
    let found = lines(&changed(lower, &[entry("scaler-v1", "autoscaling/v1", &fields_without_status)]));
    assert!(found[0].ends_with(" by "), "{found:?}");
    let found = lines(&changed(lower, &[entry("controller", "autoscaling/v1", &fields)]));
    assert!(found[0].ends_with(" by "), "the status is no claim: {found:?}");
}

#[test]
fn an_addition_by_a_manager_of_another_version_is_drift() {
    let with = |entries: &[Value]| changed(|live| set(live, "/spec/tolerance", json!(1)), entries);
    assert_eq!(with(&[]).findings.len(), 1, "no manager claims it");
    let found = with(&[scaler("scaler-v1")]);
    assert_eq!(
        (lines(&found), found.findings),
        (vec!["Added spec.tolerance [] -> [1] by scaler-v1".to_owned()], vec![])
    );
}

#[test]
fn metrics_in_another_order_are_no_drift() {
    let found = changed(
        |live| {
            live.pointer_mut(METRICS).unwrap().as_array_mut().unwrap().reverse();
            disown_metrics(live);
        },
        &[],
    );
    assert_eq!((lines(&found), found.findings), (vec![], vec![]));
    // As an update through autoscaling/v1 leaves them.
    let moved = |live: &mut Value| {
        lower(live);
        live.pointer_mut(METRICS).unwrap().as_array_mut().unwrap().reverse();
    };
    let expected = "Changed spec.metrics[1].resource.target.averageUtilization [80] -> [10] by scaler-v1";
    assert_eq!(lines(&changed(moved, &[scaler("scaler-v1")])), [expected]);
}
