//! What is done about deviations that are only reported.

use serde_json::json;

use super::{child, child_of, disturbed, lines, push, set, shop, verdict};
use crate::{
    api::DriftMode,
    app::Enforcement,
    desired::Child,
    plan::{Change, Live, Request, Verdict},
};

fn judged(child: &Child, live: Live, listed: bool) -> Verdict {
    let mut observing = Enforcement::default();
    observing.mode = DriftMode::Observe;
    verdict(child, live, listed, &observing)
}

#[test]
fn a_deviation_is_reported_and_left() {
    let child = child("Deployment");
    let fake = disturbed(&child, |fake| {
        fake.edit("kubectl-edit", |object| {
            set(object, "/spec/replicas", json!(9));
            push(object, "/spec/template/spec/containers", json!({ "name": "miner", "image": "evil:1" }));
        });
    });
    let verdict = judged(&child, Live::answered(fake.live()), true);
    assert_eq!((&verdict.change, &verdict.correction), (&Change::Keep, &None));
    assert_eq!(
        lines(&verdict),
        [
            "Added spec.template.spec.containers[name=miner] [] -> [image=evil:1] by kubectl-edit",
            "Changed spec.replicas [2] -> [9] by kubectl-edit",
        ]
    );
}

#[test]
fn a_network_policy_is_healed_nevertheless() {
    let child = child("NetworkPolicy");
    let fake = disturbed(&child, |fake| fake.edit("k", |object| set(object, "/spec/ingress", json!([{}]))));
    let verdict = judged(&child, Live::answered(fake.live()), true);
    assert_eq!(verdict.change, Change::Send(Request::Apply));
    let deleted = judged(&child, Live::Absent, true);
    assert_eq!((deleted.change, deleted.drift.len()), (Change::Send(Request::Create), 1));
}

#[test]
fn a_deletion_is_reported_and_left_but_what_was_never_created_is_created() {
    let child = child("Service");
    let deleted = judged(&child, Live::Absent, true);
    assert_eq!((&deleted.change, deleted.is_update, deleted.drift.len()), (&Change::Keep, false, 1));
    let never_created = judged(&child, Live::Absent, false);
    assert_eq!(
        (&never_created.change, never_created.is_update, never_created.drift.len()),
        (&Change::Send(Request::Create), true, 0)
    );
}

#[test]
fn a_newer_version_is_applied_and_leaves_what_other_managers_added() {
    let mut newer = shop();
    newer["components"][0]["image"] = json!("r.io/web:2");
    let mut fake = disturbed(&child("Deployment"), |fake| {
        fake.edit("k", |object| {
            push(object, "/spec/template/spec/containers", json!({ "name": "probe", "image": "r.io/probe:1" }));
        });
    });
    let child = child_of(newer, "Deployment");
    let verdict = judged(&child, Live::answered(fake.live()), false);
    assert_eq!((&verdict.change, verdict.is_update, verdict.drift.len()), (&Change::Send(Request::Apply), true, 1));
    fake.apply(&child);
    let then = judged(&child, Live::answered(fake.live()), true);
    assert_eq!((&then.change, lines(&then).len()), (&Change::Keep, 1), "{:?}", lines(&then));
}
