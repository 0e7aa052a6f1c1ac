//! The JSON patches: what they contain, and the object after them.

use serde_json::{Value, json};

use super::{child, child_of, disturbed, judged, push, set, settle, shop};
use crate::{
    app::Part,
    plan::{Change, Request},
};

fn patch(change: &Change) -> &Value {
    let Change::Send(Request::Remove(patch)) = change else { panic!("{change:?}") };
    patch
}

#[test]
fn a_patch_tests_the_object_and_every_key_along_the_path() {
    let child = child("Deployment");
    let fake = disturbed(&child, |fake| {
        fake.edit("k", |object| {
            push(object, "/spec/template/spec/containers/0/env", json!({ "name": "A", "value": "1" }));
            push(object, "/spec/template/spec/containers/0/env", json!({ "name": "B", "value": "2" }));
        });
    });
    let env = "/spec/template/spec/containers/0/env";
    assert_eq!(
        patch(&judged(&child, &fake).change),
        &json!([
            { "op": "test", "path": "/metadata/uid", "value": "1" },
            { "op": "test", "path": "/spec/template/spec/containers/0/name", "value": "web" },
            { "op": "test", "path": format!("{env}/2/name"), "value": "A" },
            { "op": "test", "path": "/spec/template/spec/containers/0/name", "value": "web" },
            { "op": "test", "path": format!("{env}/3/name"), "value": "B" },
            { "op": "remove", "path": format!("{env}/3") },
            { "op": "remove", "path": format!("{env}/2") },
        ])
    );
}

#[test]
fn after_the_patch_the_object_is_as_declared() {
    let child = child("Deployment");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("k", |object| {
            let spec = "/spec/template/spec";
            for name in ["a", "b"] {
                let container = json!({ "name": name, "image": "e:1" });
                object.pointer_mut(&format!("{spec}/containers")).unwrap().as_array_mut().unwrap().insert(0, container);
            }
            push(object, &format!("{spec}/containers/2/env"), json!({ "name": "A~1/b", "value": "1" }));
            set(object, &format!("{spec}/containers/2/envFrom"), json!([{ "secretRef": { "name": "s" } }]));
            set(object, "/spec/template/metadata/labels/example.com~1x", json!("y"));
        });
    });
    let first = judged(&child, &fake);
    assert_eq!(first.drift.len(), 5);
    fake.patch(patch(&first.change)).unwrap();
    assert_eq!(judged(&child, &fake).change, Change::Keep);
}

#[test]
fn a_patch_fails_on_another_object_and_on_moved_members() {
    let child = child("Deployment");
    let with_volume = |name: &'static str| {
        disturbed(&child, |fake| {
            fake.edit("k", |o| push(o, "/spec/template/spec/volumes", json!({ "name": name, "emptyDir": {} })));
        })
    };
    let verdict = judged(&child, &with_volume("a"));
    assert!(with_volume("b").patch(patch(&verdict.change)).is_err());
    let mut recreated = with_volume("a");
    recreated.edit("k", |object| set(object, "/metadata/uid", json!("2")));
    assert!(recreated.patch(patch(&verdict.change)).is_err());
    assert!(with_volume("a").patch(patch(&verdict.change)).is_ok());
}

#[test]
fn a_member_without_its_key_can_be_removed_too() {
    // The API stores an entry without a name as `{}`; a test for a name that isn't there would fail for ever.
    let mut target = crate::fixtures::target(shop());
    let Part::Component(web) = &mut target.runs.as_mut().unwrap().parts[0] else { panic!("not a component") };
    web.template.image.pull_secrets = vec!["registry".to_owned()];
    let child = crate::desired::children(&target).into_iter().find(|child| child.kind.name == "Deployment").unwrap();
    let mut fake = disturbed(&child, |fake| {
        fake.edit("k", |object| push(object, "/spec/template/spec/imagePullSecrets", json!({})));
    });
    fake.patch(patch(&judged(&child, &fake).change)).unwrap();
    assert_eq!(judged(&child, &fake).change, Change::Keep);
}

#[test]
fn a_renumbered_port_is_corrected_with_one_patch() {
    let child = child("Service");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("k", |object| set(object, "/spec/ports/0/port", json!(9999)));
    });
    let verdict = judged(&child, &fake);
    let correction = verdict.correction.unwrap();
    assert_eq!(correction[0]["path"], "/metadata/resourceVersion");
    assert_eq!(correction[1]["path"], "/spec");
    assert_eq!(correction[1]["value"]["ports"], child.body["spec"]["ports"]);
    fake.patch(&correction).unwrap();
    fake.apply(&child);
    let healed = judged(&child, &fake);
    assert_eq!((healed.change, healed.correction), (Change::Keep, None));
}

#[test]
fn a_newer_version_of_the_child_needs_no_correction() {
    let mut renumbered = shop();
    renumbered["components"][0]["ports"][0]["port"] = json!(9090);
    let rolled_out = judged(&child_of(renumbered, "Service"), &disturbed(&child("Service"), |_| {}));
    assert_eq!((rolled_out.change, rolled_out.correction), (Change::Send(Request::Apply), None));
}

#[test]
fn fields_that_exclude_each_other_are_corrected_together() {
    let child = child("Deployment");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("k", |object| {
            let container = &mut object["spec"]["template"]["spec"]["containers"][0];
            container["image"] = json!("evil:1");
            let probe = container["readinessProbe"].as_object_mut().unwrap();
            probe.remove("tcpSocket");
            probe.insert("exec".to_owned(), json!({ "command": ["/evil"] }));
            object["spec"]["template"]["spec"]["initContainers"] = json!([{ "name": "i", "image": "evil:2" }]);
            object["metadata"]["labels"]["app.kubernetes.io/name"] = json!("other");
        });
    });
    fake.patch(&judged(&child, &fake).correction.unwrap()).unwrap();
    fake.apply(&child);
    assert_eq!(judged(&child, &fake).change, Change::Keep);
}

#[test]
fn thousands_of_additions_are_one_deviation_and_one_patch() {
    let child = child("Deployment");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("k", |object| {
            let env: Vec<Value> = (0..3000).map(|n| json!({ "name": format!("V{n}"), "value": "x" })).collect();
            object["spec"]["template"]["spec"]["containers"][0]["env"] = json!(env);
        });
    });
    let verdict = judged(&child, &fake);
    assert_eq!(verdict.drift.len(), 1);
    let Change::Send(Request::Correct(patch)) = &verdict.change else { panic!("{:?}", verdict.change) };
    fake.patch(patch).unwrap();
    fake.apply(&child);
    assert_eq!(judged(&child, &fake).change, Change::Keep);
}

#[test]
fn what_a_correction_has_set_is_no_deviation_once_the_spec_drops_it() {
    let child = child("Service");
    let mut fake = disturbed(&child, |fake| {
        fake.edit("k", |object| set(object, "/spec/ports/0/port", json!(9999)));
    });
    fake.patch(&judged(&child, &fake).correction.unwrap()).unwrap();
    fake.apply(&child);
    assert_eq!(settle(&child, &mut fake).unwrap(), [""; 0]);
    let mut renumbered = shop();
    renumbered["components"][0]["ports"][0]["port"] = json!(9090);
    let renumbered = child_of(renumbered, "Service");
    assert_eq!(settle(&renumbered, &mut fake).unwrap(), [""; 0]);
    assert_eq!(fake.live()["spec"]["ports"], renumbered.body["spec"]["ports"]);
}
