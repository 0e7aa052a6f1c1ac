//! Objects that are too large to be compared.

use serde_json::{Value, json};

use super::{disturbed, judged, line, set, verdict};
use crate::{
    api::{DriftMode, MANAGER, PART_OF, WORKLOAD},
    app::Enforcement,
    desired::KINDS,
    fixtures::{UID, child, child_of},
    plan::{Change, LARGEST, Live, Oversized, Request, differences},
};

/// The live object, read as one that is too large.
fn oversized(object: &Value) -> Live {
    Live::Oversized(Box::new(Oversized::read(&object.to_string())))
}

fn correction(change: Change) -> Value {
    match change {
        Change::Send(Request::Correct(patch)) => patch,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_needed_to_correct_it_is_read() {
    let child = child("Deployment");
    let fake = disturbed(&child, |fake| {
        fake.edit("kubectl-edit", |object| {
            set(object, "/spec/replicas", json!(7));
            set(object, "/spec/template/spec/hostname", json!("x".repeat(LARGEST)));
        });
    });
    let mut object = fake.live();
    object["metadata"]["labels"][WORKLOAD] = json!("shop.web");
    let found = Oversized::read(&object.to_string());
    assert_eq!(found.uid, object["metadata"]["uid"]);
    assert_eq!(found.version.to_string(), object["metadata"]["resourceVersion"]);
    assert_eq!(found.controller.as_ref().unwrap().uid, UID);
    assert_eq!((found.replicas, found.leaving), (Some(7), false));
    assert_eq!(found.part_of.as_deref(), object["metadata"]["labels"][PART_OF].as_str());
    assert_eq!(found.workload.as_deref(), Some("shop.web"));
    let (manager, _) = found.manager.clone().unwrap();
    assert_eq!(manager, "kubectl-edit", "the last one that isn't {MANAGER}");
    let (path, length) = found.largest();
    assert_eq!(path, "spec");
    assert!(length > LARGEST);
}

#[test]
fn it_is_drift_and_corrected_as_a_whole_for_every_kind() {
    for kind in KINDS.iter().filter(|kind| kind.name != "HorizontalPodAutoscaler") {
        let child = child(kind.name);
        let mut fake = disturbed(&child, |fake| {
            fake.edit("kubectl", |object| {
                set(object, "/metadata/labels/bulk", json!("x".repeat(LARGEST)));
                set(object, "/metadata/annotations/bulk", json!("x"));
                set(object, "/bulk", json!(["x"]));
                set(object, "/spec/bulk", json!(["x"]));
            });
        });
        let verdict = verdict(&child, oversized(&fake.live()), true, &Enforcement::default());
        let found: Vec<String> = verdict.drift.iter().map(line).collect();
        assert_eq!(found, ["Changed metadata.labels [] -> [257 KiB, not compared field by field] by kubectl"]);
        assert!(verdict.is_dangerous() && !verdict.is_update);
        fake.patch(&correction(verdict.change)).unwrap();
        let left = differences(&child.body, &fake.live(), &kind.rules);
        assert_eq!(left, [], "{}", kind.name);
    }
}

#[test]
fn finalizers_are_kept_and_managed_fields_too_unless_they_are_what_is_large() {
    let child = child("NetworkPolicy");
    let mut object = disturbed(&child, |_| {}).live();
    set(&mut object, "/metadata/finalizers", json!(["example.com/keep"]));
    let patched = |object: &Value| {
        let patch = correction(verdict(&child, oversized(object), true, &Enforcement::default()).change);
        let paths = patch.as_array().unwrap().iter().map(|operation| operation["path"].as_str().unwrap().to_owned());
        paths
            .filter(|path| ["/metadata/finalizers", "/metadata/managedFields"].contains(&path.as_str()))
            .collect::<Vec<_>>()
    };
    let mut labelled = object.clone();
    set(&mut labelled, "/metadata/labels/bulk", json!("x".repeat(LARGEST)));
    assert_eq!(patched(&labelled), [""; 0]);
    // It isn't large, so it could only not be read.
    assert_eq!(patched(&object), ["/metadata/managedFields"]);
    set(&mut object, "/metadata/managedFields/0/fieldsV1/bulk", json!("x".repeat(LARGEST)));
    assert_eq!(patched(&object), ["/metadata/managedFields"]);
}

#[test]
fn it_is_left_to_another_owner_and_only_reported_where_drift_is_observed() {
    let child = child("Deployment");
    let mut observing = Enforcement::default();
    observing.mode = DriftMode::Observe;
    let mut object = disturbed(&child, |_| {}).live();
    let seen = verdict(&child, oversized(&object), true, &observing);
    assert_eq!((seen.change, seen.drift.len()), (Change::Keep, 1));
    assert!(
        matches!(verdict(&child, oversized(&object), false, &observing).change, Change::Send(_)),
        "a new spec is applied"
    );
    object["metadata"]["ownerReferences"][0]["uid"] = json!("2");
    let foreign = verdict(&child, oversized(&object), true, &Enforcement::default());
    assert_eq!(foreign.change, Change::Conflict { holder: "HardenedApp shop".to_owned() });
}

#[test]
fn more_differences_than_can_be_handled_count_as_one() {
    let web = json!({
        "name": "web", "image": "r.io/web:1",
        "egress": (0..32).map(|number| json!({ "cidr": format!("203.0.113.{number}/32"), "ports": [443] })).collect::<Vec<_>>(),
    });
    let child = child_of(json!({ "components": [web] }), "NetworkPolicy");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("kubectl", |object| {
            for rule in object["spec"]["egress"].as_array_mut().unwrap() {
                rule["to"] = (0..60)
                    .map(|number| json!({ "podSelector": { "matchLabels": { "x": number.to_string() } } }))
                    .collect();
            }
        });
    });
    let found = judged(&child, &fake);
    assert_eq!(found.drift.iter().map(|item| item.path.as_str()).collect::<Vec<_>>(), ["spec"]);
    assert!(found.is_dangerous());
    fake.patch(&correction(found.change)).unwrap();
    assert_eq!(differences(&child.body, &fake.live(), &child.kind.rules), []);
}
