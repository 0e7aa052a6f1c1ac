//! Objects that are too large to be compared.

use serde_json::{Value, json};

use super::{correction, disturbed, fake::Fake, line, set, settle, shop, unset, verdict};
use crate::{
    api::{DriftMode, MANAGER, PART_OF, WORKLOAD},
    app::Enforcement,
    desired::{Care, KINDS},
    fixtures::{UID, child, child_of},
    plan::{Change, LARGEST, Live, Oversized, differences},
};

/// The live object, read as one that is too large.
fn oversized(object: &Value) -> Live {
    Live::Oversized(Box::new(Oversized::read(&object.to_string())))
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
fn only_a_manager_of_something_in_the_largest_field_is_named() {
    let child = child("Deployment");
    let bulk = json!("x".repeat(LARGEST));
    let by = |fake: &Fake| verdict(&child, oversized(&fake.live()), true, &Enforcement::default()).drift.pop().unwrap();
    let mut fake = disturbed(&child, |fake| {
        fake.edit("injector", |object| set(object, "/metadata/labels/bulk", bulk.clone()));
        // Later in the order of the entries, all of which have the same time.
        fake.edit("kubectl-annotate", |object| set(object, "/metadata/annotations/note", json!("x")));
    });
    assert_eq!(line(&by(&fake)), "Changed metadata.labels [] -> [257 KiB, not compared field by field] by injector");
    fake.unclaimed(|object| {
        unset(object, "/metadata/labels/bulk");
        set(object, "/spec/bulk", bulk.clone());
    });
    assert_eq!(by(&fake).manager, "", "no manager claims it");
}

#[test]
fn it_is_drift_and_corrected_as_a_whole_for_every_kind() {
    let compared = KINDS.iter().filter(|kind| kind.care == Care::Apply);
    for kind in compared.filter(|kind| kind.name != "HorizontalPodAutoscaler") {
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
fn what_was_there_when_managed_fields_were_reset_is_no_deviation_once_the_spec_drops_it() {
    let child = child("Deployment");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("kubectl-edit", |object| set(object, "/spec/replicas", json!(7)));
    });
    // Nested too deeply to be read.
    fake.patch(&correction(verdict(&child, oversized(&fake.live()), true, &Enforcement::default()).change)).unwrap();
    // A default that a later API server sets.
    fake.unclaimed(|object| set(object, "/spec/minReadySeconds", json!(0)));
    fake.apply(&child);
    let applied = verdict(&child, Live::answered(fake.live()), true, &Enforcement::default());
    assert_eq!((applied.change, applied.drift, applied.findings.len()), (Change::Keep, vec![], 1));
    let mut fewer = shop();
    unset(&mut fewer["components"][0], "/env/0");
    unset(&mut fewer["components"][0], "/args");
    let fewer = child_of(fewer, "Deployment");
    assert_eq!(settle(&fewer, &mut fake).unwrap(), [""; 0]);
    assert_eq!(differences(&fewer.body, &fake.live(), &fewer.kind.rules), []);
}
