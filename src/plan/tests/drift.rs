//! What the status shows of a value.

use serde_json::json;

use super::{child, disturbed, judged, lines, push, set};
use crate::plan::Verdict;

fn edited(kind: &str, pointer: &str, value: serde_json::Value) -> Verdict {
    let child = child(kind);
    judged(&child, &disturbed(&child, |fake| fake.edit("k", |object| set(object, pointer, value))))
}

#[test]
fn images_numbers_and_booleans_are_shown() {
    let container = "/spec/template/spec/containers/0";
    for (pointer, value, shown) in [
        (format!("{container}/image"), json!("evil.io/web:1"), "[r.io/web:1] -> [evil.io/web:1]"),
        (format!("{container}/imagePullPolicy"), json!("Never"), "[Always] -> [Never]"),
        (format!("{container}/securityContext/runAsUser"), json!(0), "[65532] -> [0]"),
        (format!("{container}/securityContext/privileged"), json!(true), "[false] -> [true]"),
    ] {
        let lines = lines(&edited("Deployment", &pointer, value));
        assert!(lines.len() == 1 && lines[0].contains(shown), "{pointer}: {lines:?}");
    }
}

#[test]
fn environment_and_arguments_are_never_shown() {
    let container = "/spec/template/spec/containers/0";
    let secret = "hunter2-in-the-clear";
    let child = child("Deployment");
    let disturbed = [
        disturbed(&child, |fake| {
            fake.edit("k", |object| set(object, &format!("{container}/env/0/value"), json!(secret)));
        }),
        disturbed(&child, |fake| {
            fake.edit("k", |object| {
                push(object, &format!("{container}/env"), json!({ "name": "PW", "value": secret }));
            });
        }),
        disturbed(&child, |fake| fake.edit("k", |object| push(object, &format!("{container}/args"), json!(secret)))),
        disturbed(&child, |fake| {
            fake.edit("k", |object| set(object, &format!("{container}/command"), json!(["sh", "-c", secret])));
        }),
        disturbed(&child, |fake| {
            fake.edit("k", |object| set(object, "/spec/template/metadata/annotations/note", json!(secret)));
        }),
    ];
    for fake in disturbed {
        let verdict = judged(&child, &fake);
        let shown = lines(&verdict).join("\n");
        assert!(!verdict.drift.is_empty() && shown.contains("sha256:"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("info"), "{shown}");
    }
}

#[test]
fn long_values_are_cut() {
    let long = format!("r.io/{}:1", "x".repeat(500));
    let verdict = edited("Deployment", "/spec/template/spec/containers/0/image", json!(long));
    assert_eq!(verdict.drift[0].live.len(), 128);
}

#[test]
fn the_newest_foreign_manager_is_named_with_its_time() {
    let verdict = edited("Deployment", "/spec/replicas", json!(1));
    let since = verdict.drift[0].since.as_ref().unwrap().0.to_string();
    assert_eq!((verdict.drift[0].manager.as_str(), since.as_str()), ("k", "2026-07-01T12:00:00Z"));

    let child = child("Deployment");
    let mut live = disturbed(&child, |fake| {
        fake.edit("a-newer", |object| set(object, "/spec/replicas", json!(1)));
    })
    .live();
    let entries = live["metadata"]["managedFields"].as_array_mut().unwrap();
    let mut older = entries.iter().find(|entry| entry["manager"] == "a-newer").unwrap().clone();
    older["manager"] = json!("z-older");
    older["time"] = json!("2025-01-01T00:00:00Z");
    entries.push(older);
    assert_eq!(
        crate::plan::judge(&child, super::UID, &live, super::LISTED, &crate::app::Enforcement::default()).drift[0]
            .manager,
        "a-newer"
    );
}
