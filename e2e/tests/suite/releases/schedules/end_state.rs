//! What a namespace has come to, without what differs between any two runs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use hardened_app::api::HardenedApp;
use hardened_app::desired::{KINDS, Presence};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::{Api, ResourceExt};
use serde_json::{Map, Value};

use crate::scene::Scene;

/// All objects that the operator makes in a namespace, and what comes of them.
pub(crate) async fn objects(scene: &Scene) -> Result<Vec<(&'static str, DynamicObject)>> {
    let others = [
        ("HardenedApp", ApiResource::erase::<HardenedApp>(&())),
        ("Pod", ApiResource::erase::<Pod>(&())),
        ("ReplicaSet", ApiResource::erase::<ReplicaSet>(&())),
    ];
    let mut objects = Vec::new();
    // The control plane of these tests has no optional API.
    let kinds = KINDS.iter().filter(|kind| kind.presence == Presence::Always);
    for (kind, resource) in kinds.map(|kind| (kind.name, kind.resource())).chain(others) {
        let api: Api<DynamicObject> = Api::namespaced_with(scene.client.clone(), scene.name(), &resource);
        objects.extend(api.list(&ListParams::default()).await?.items.into_iter().map(|object| (kind, object)));
    }
    Ok(objects)
}

/// Objects by kind and name; where names are made up, by what they have in common. Two runs that come to the same end are equal.
pub(crate) fn canonical(namespace: &str, objects: &[(&'static str, DynamicObject)]) -> Result<BTreeMap<String, Value>> {
    let mut masks: Vec<(String, String)> = vec![(namespace.to_owned(), "<namespace>".to_owned())];
    masks.extend(objects.iter().filter_map(|(kind, object)| {
        let name = object.name_any().replace(namespace, "<namespace>");
        Some((object.uid()?, if *kind == "Pod" { "<pod>".to_owned() } else { format!("<uid of {kind} {name}>") }))
    }));
    let mut state = BTreeMap::new();
    for (kind, object) in objects {
        let mut value = serde_json::to_value(object)?;
        if *kind == "Pod" {
            let prefix = object.metadata.generate_name.clone().unwrap_or_default();
            masks.push((object.name_any(), format!("{prefix}<pod>")));
        }
        mask(&mut value, &masks);
        let name = value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        state.insert(format!("{kind} {name}"), value);
    }
    Ok(state)
}

/// Fields that differ between any two objects.
const OWN: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"];

/// Fields of a Service that the API server chooses.
const CHOSEN: [&str; 2] = ["clusterIP", "clusterIPs"];

/// Hashes over objects with their namespace and owner.
const HASHES: [&str; 2] = ["hardened.dev/applied-hash", "settled"];

fn mask(value: &mut Value, masks: &[(String, String)]) {
    match value {
        Value::Object(fields) => mask_fields(fields, masks),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, masks)),
        Value::String(text) => {
            // Annotations with JSON.
            if let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text) {
                mask(&mut inner, masks);
                *value = inner;
                return;
            }
            for (from, to) in masks {
                *text = text.replace(from, to);
            }
            if text.parse::<Timestamp>().is_ok() {
                "<time>".clone_into(text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn mask_fields(fields: &mut Map<String, Value>, masks: &[(String, String)]) {
    let is_metadata = fields.contains_key("resourceVersion");
    fields.retain(|name, _| !(is_metadata && OWN.contains(&name.as_str()) || CHOSEN.contains(&name.as_str())));
    for (name, value) in fields {
        if HASHES.contains(&name.as_str()) && value.is_string() {
            *value = "<hash>".into();
        }
        mask(value, masks);
    }
}

/// The paths at which two states differ, with both values.
pub(crate) fn differences(expected: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) -> Vec<String> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let mut differences = Vec::new();
    for name in names {
        let of = |state: &BTreeMap<String, Value>| state.get(name).cloned().unwrap_or_default();
        differ(name, &of(expected), &of(found), &mut differences);
    }
    differences
}

fn differ(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let of = |fields: &Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
                differ(&format!("{path}.{name}"), &of(one), &of(other), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differ(&format!("{path}[{index}]"), one, other, differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{path}: {expected} expected, {found} found")),
    }
}

#[test]
fn states_of_two_runs_are_equal_but_for_what_differs() -> Result<()> {
    let state = |uid: &str, namespace: &str, time: &str, image: &str| -> Result<BTreeMap<String, Value>> {
        let record = serde_json::json!({ "uid": uid, "finished": time }).to_string();
        let job: DynamicObject = serde_json::from_value(serde_json::json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": "shop-migrate", "namespace": namespace, "uid": uid, "resourceVersion": "1",
                "annotations": { "record": record }, "labels": { "controller-uid": uid },
            },
            "spec": { "image": image },
        }))?;
        canonical(namespace, &[("Job", job)])
    };
    let first = state("11", "schedule-a", "2026-01-01T00:00:00Z", "one")?;
    assert_eq!(differences(&first, &state("22", "schedule-b", "2026-02-02T00:00:00Z", "one")?), Vec::<String>::new());
    let changed = differences(&first, &state("22", "schedule-b", "2026-02-02T00:00:00Z", "two")?);
    assert_eq!(changed, [r#"Job shop-migrate.spec.image: "one" expected, "two" found"#]);
    Ok(())
}
