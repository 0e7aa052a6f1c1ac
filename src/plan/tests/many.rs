//! More differences than are handled one by one.

use serde_json::{Value, json};

use super::{LISTED, correction, disturbed, fake::Fake, judged, lines, set, settle, shop, unset, verdict};
use crate::{
    api::DriftMode,
    app::Enforcement,
    desired::Child,
    fixtures::{UID, child_of},
    plan::{Basis, Change, Live, Request, differences, judge},
};

const CONTAINER: &str = "/spec/template/spec/containers/0";

/// The Deployment of an app with as many variables and words as the CRD allows. That of "b" differs from the others in 384 places: its
/// variables have another source.
pub(super) fn large(letter: &str, change: impl FnOnce(&mut Value)) -> Child {
    let mut spec = shop();
    let web = &mut spec["components"][0];
    let words: Vec<String> = (0..64).map(|number| format!("{letter}{number}")).collect();
    let source = |name: &str| match letter {
        "b" => json!({ "name": name, "secretKey": { "secret": "b", "key": "k" } }),
        _ => json!({ "name": name, "value": "x" }),
    };
    set(web, "/command", json!(words));
    set(web, "/args", json!(words));
    set(web, "/env", (0..128).map(|number| source(&format!("V{number}"))).collect());
    change(web);
    child_of(spec, "Deployment")
}

/// What a client does to the Deployment: all words and variables are others.
fn rewrite(object: &mut Value) {
    let container = object.pointer_mut(CONTAINER).unwrap();
    for words in ["command", "args"] {
        container[words].as_array_mut().unwrap().iter_mut().for_each(|word| *word = json!(format!("z{word}")));
    }
    for variable in container["env"].as_array_mut().unwrap() {
        *variable = json!({ "name": variable["name"], "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } });
    }
}

#[test]
fn a_clients_many_changes_are_one_deviation_and_what_a_later_spec_drops_is_none() {
    let child = large("a", |_| {});
    let mut fake = disturbed(&child, |fake| fake.edit("kubectl-replace", rewrite));
    let drift = settle(&child, &mut fake).unwrap();
    assert_eq!(drift.len(), 1, "{drift:#?}");
    assert!(drift[0].starts_with("Changed spec [] -> ["), "{drift:#?}");
    assert!(drift[0].ends_with(" KiB, not compared field by field] by kubectl-replace"), "{drift:#?}");
    assert_eq!(differences(&child.body, &fake.live(), &child.kind.rules), []);

    // The user removes a variable and all words of the command.
    let fewer = large("a", |web| {
        unset(web, "/env/0");
        unset(web, "/command");
    });
    assert_eq!(settle(&fewer, &mut fake).unwrap(), [""; 0]);
    assert_eq!(differences(&fewer.body, &fake.live(), &fewer.kind.rules), []);
}

#[test]
fn a_new_spec_that_changes_much_is_no_drift() {
    let mut fake = disturbed(&large("a", |_| {}), |fake| {
        // Both are tolerated.
        fake.edit("kubectl-annotate", |object| set(object, "/metadata/annotations/note", json!("x")));
        fake.edit("kubectl-rollout", |object| {
            set(object, "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt", json!("now"));
        });
    });
    let newer = large("b", |_| {});
    for listed in [true, false] {
        for mode in [DriftMode::Enforce, DriftMode::Observe] {
            let mut enforcement = Enforcement::default();
            enforcement.mode = mode;
            let found = verdict(&newer, Live::answered(fake.live()), listed, &enforcement);
            assert_eq!((&found.change, found.is_update, lines(&found)), (&Change::Send(Request::Apply), true, vec![]));
        }
    }
    assert_eq!(settle(&newer, &mut fake).unwrap(), [""; 0]);
    assert_eq!(differences(&newer.body, &fake.live(), &newer.kind.rules), []);
}

#[test]
fn a_change_by_a_client_is_found_among_many_that_a_new_spec_makes_and_only_its_manager_is_named() {
    let newer = large("b", |_| {});
    let edits: [fn(&mut Value); 3] = [
        |object| set(object, &format!("{CONTAINER}/env/0/value"), json!("evil")),
        // It comes after more than are looked for.
        |object| set(object, "/spec/template/spec/terminationGracePeriodSeconds", json!(7)),
        |object| set(object, "/spec/template/spec/volumes/0/emptyDir/sizeLimit", json!("9Gi")),
    ];
    for edit in edits {
        let mut fake = disturbed(&large("a", |_| {}), |fake| {
            fake.edit("kubectl-edit", edit);
            fake.edit("kubectl-annotate", |object| set(object, "/metadata/annotations/note", json!("x")));
        });
        let found = judge(&newer, UID, &fake.live(), LISTED, &Enforcement::default());
        assert!(matches!(found.change, Change::Send(Request::Correct(_))), "{:?}", found.change);
        let drift = lines(&found);
        assert!(drift.len() == 1 && drift[0].ends_with(" by kubectl-edit"), "{drift:#?}");
        assert!(found.is_dangerous() && found.is_update);
        settle(&newer, &mut fake).unwrap();
        assert_eq!(differences(&newer.body, &fake.live(), &newer.kind.rules), []);
    }
}

#[test]
fn many_changes_are_only_reported_where_drift_is_observed_until_the_spec_changes() {
    let child = large("a", |_| {});
    let mut fake = disturbed(&child, |fake| fake.edit("kubectl-replace", rewrite));
    let mut observing = Enforcement::default();
    observing.mode = DriftMode::Observe;
    let judged = |child: &Child, fake: &Fake, listed| verdict(child, Live::answered(fake.live()), listed, &observing);
    let seen = judged(&child, &fake, true);
    assert_eq!((seen.change, seen.is_update, seen.drift.len()), (Change::Keep, false, 1));
    let newer = large("c", |_| {});
    // A variable with two sources is invalid.
    let update = judged(&newer, &fake, false);
    assert_eq!((update.change, update.is_update, update.drift.len()), (Change::Send(Request::Apply), true, 1));
    fake.patch(&update.correction.unwrap()).unwrap();
    fake.apply(&newer);
    let applied = judged(&newer, &fake, true);
    assert_eq!((applied.change, applied.drift), (Change::Keep, vec![]));
    // What the correction has set is no deviation when the spec changes again.
    let fewer = large("c", |web| unset(web, "/env/0"));
    assert_eq!(settle(&fewer, &mut fake).unwrap(), [""; 0]);
    assert_eq!(differences(&fewer.body, &fake.live(), &fewer.kind.rules), []);
}

#[test]
fn an_object_with_another_selector_and_many_differences_is_replaced() {
    let child = large("a", |_| {});
    let mut made_before = disturbed(&child, |fake| fake.edit("kubectl-create", rewrite)).live();
    set(&mut made_before, "/spec/selector/matchLabels", json!({ "app": "mine" }));
    let found = judge(&child, UID, &made_before, Basis::default(), &Enforcement::default());
    assert_eq!((found.change, found.drift.len()), (Change::Send(Request::Replace), 1));
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
