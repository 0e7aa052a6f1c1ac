//! The rules of the kinds table against the schemas of k8s-openapi: an update of that crate shows the fields of a new
//! Kubernetes version. A test of the suite does the same with the schemas of a running API server.

use std::{collections::BTreeSet, fs, path::Path};

use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::Job,
    core::v1::{Service, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
};
use schemars::schema_for;
use serde_json::{Value, json};

use crate::{
    api::{HardenedApp, HardeningPolicy},
    app::{App, Policy},
    desired::{Care, Child, KINDS, Kind, Presence, children},
    fixtures::{OPERATOR_IMAGE, UID, child, kind},
    plan::{Census, FieldClass, schema_fields, unmatched_rules},
    release::Target,
};

fn fields(kind: &Kind) -> BTreeSet<String> {
    let schema = match kind.name {
        "ControllerRevision" => schema_for!(ControllerRevision),
        "Deployment" => schema_for!(Deployment),
        "HorizontalPodAutoscaler" => schema_for!(HorizontalPodAutoscaler),
        "Ingress" => schema_for!(Ingress),
        "Job" => schema_for!(Job),
        "NetworkPolicy" => schema_for!(NetworkPolicy),
        "PodDisruptionBudget" => schema_for!(PodDisruptionBudget),
        "Service" => schema_for!(Service),
        "ServiceAccount" => schema_for!(ServiceAccount),
        "StatefulSet" => schema_for!(StatefulSet),
        other => panic!("add the type of {other} here"),
    };
    schema_fields(schema.as_value(), schema.as_value())
}

/// Kubernetes' own kinds. Those of other APIs are judged by the definitions that the API server has.
fn own_kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.presence == Presence::Always)
}

/// The children of all golden cases: every field that the operator can set, with and without it.
fn golden() -> Vec<Child> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desired/golden");
    let topics = fs::read_dir(folder).unwrap().map(|topic| topic.unwrap().path()).filter(|path| path.is_dir());
    let files = topics.flat_map(|topic| fs::read_dir(topic).unwrap().map(|file| file.unwrap().path()));
    let apps = files.filter_map(|file| {
        let case: Value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let mut app: HardenedApp = serde_json::from_value(case["app"].clone()).unwrap();
        app.metadata.uid = Some(UID.to_owned());
        let policy = case.get("policy").map_or_else(
            || Ok(Policy::default()),
            |policy| Policy::accept(&serde_json::from_value::<HardeningPolicy>(policy.clone()).unwrap()),
        );
        App::accept(&app, &policy.ok()?).ok()
    });
    apps.flat_map(|app| children(&Target::of(app).with_tasks(OPERATOR_IMAGE))).collect()
}

#[test]
fn every_field_of_k8s_openapi_has_one_class() {
    let children = golden();
    let mut remedies = Vec::new();
    for kind in own_kinds().filter(|kind| kind.care == Care::Apply) {
        let census = Census::take(kind, &children, &fields(kind));
        println!("{census}");
        remedies.extend(census.remedies());
    }
    assert!(remedies.is_empty(), "{} fields of k8s-openapi:\n{}", remedies.len(), remedies.join("\n"));
}

#[test]
fn no_rule_matches_nothing() {
    let unmatched = |kind: &Kind| {
        unmatched_rules(kind, &fields(kind)).into_iter().map(|rule| format!("{}: {rule}", kind.name)).collect()
    };
    let unmatched: Vec<String> = own_kinds().flat_map(|kind| -> Vec<String> { unmatched(kind) }).collect();
    assert!(unmatched.is_empty(), "rules that match no field:\n{}", unmatched.join("\n"));
}

#[test]
fn a_new_field_of_a_schema_is_shown_with_its_remedy() {
    let document = json!({
        "properties": { "spec": { "allOf": [{ "$ref": "#/definitions/Spec" }] } },
        "definitions": { "Spec": { "properties": {
            "type": { "type": "string" },
            "surprise": { "type": "array", "items": { "properties": { "deep": {} } } },
            "labels": { "additionalProperties": { "type": "string" } },
            // A type that holds itself ends the walk.
            "more": { "$ref": "#/definitions/Spec" },
        } } },
    });
    let fields = schema_fields(&document, &document);
    let expected = [
        "spec",
        "spec labels",
        "spec labels *",
        "spec more",
        "spec surprise",
        "spec surprise []",
        "spec surprise [] deep",
        "spec type",
    ];
    assert_eq!(fields.iter().collect::<Vec<_>>(), expected);
    let census = Census::take(kind("Service"), &[child("Service")], &fields);
    assert_eq!(census.count(FieldClass::Set), 2, "spec and type: {census}");
    let unclassed =
        ["spec labels", "spec labels *", "spec more", "spec surprise", "spec surprise []", "spec surprise [] deep"];
    assert_eq!(census.unclassed, unclassed);
    assert!(census.remedies()[3].starts_with("spec surprise: add it to dangerous"), "{:?}", census.remedies());
}

#[test]
fn a_field_that_only_some_objects_have_is_not_set() {
    let fields = BTreeSet::from(["spec template spec tolerations".to_owned(), "spec template spec os".to_owned()]);
    let children = golden();
    let census = Census::take(kind("Deployment"), &children, &fields);
    assert_eq!((census.count(FieldClass::Set), census.count(FieldClass::Dangerous)), (1, 1), "{census}");
}
