//! Why a pod isn't ready.

use serde_json::{Value, json};

use crate::plan::PodState;

fn pod(status: &Value) -> Value {
    json!({
        "metadata": { "name": "p1", "namespace": "demo", "labels": { "hardened.dev/workload": "shop.web" } },
        "status": status,
    })
}

fn problem(status: &Value) -> String {
    PodState::read(&pod(status)).problem
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "containerStatuses": [{ "image": "r.io/web:1", "state": { "waiting": { "reason": reason, "message": message } } }] })
}

fn ended(state: &str, ready: bool) -> Value {
    let state = json!({ state: { "terminated": { "exitCode": 137, "reason": "OOMKilled" } }, "ready": ready });
    json!({ "containerStatuses": [state] })
}

#[test]
fn each_problem_has_a_message() {
    let crash = json!({ "containerStatuses": [{
        "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s" } },
        "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } },
    }] });
    let unscheduled = json!({ "conditions": [
        { "type": "Initialized", "status": "True", "message": "x" },
        { "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available" },
    ] });
    let evicted = json!({ "phase": "Failed", "reason": "Evicted", "message": "ephemeral storage exceeds 320Mi" });
    for (it, status, expected) in [
        (
            "no image",
            waiting("ImagePullBackOff", "not found"),
            "image r.io/web:1 can't be pulled (ImagePullBackOff): not found",
        ),
        ("no image yet", waiting("ErrImagePull", "denied"), "image r.io/web:1 can't be pulled (ErrImagePull): denied"),
        ("crash", crash, "the process ended: exit code 137 (OOMKilled)"),
        ("first crash", ended("state", false), "the process ended: exit code 137 (OOMKilled)"),
        ("running again", ended("lastState", false), "the process ended: exit code 137 (OOMKilled)"),
        ("serving again", ended("lastState", true), ""),
        ("unscheduled", unscheduled, "not scheduled: 0/3 nodes are available"),
        (
            "no secret",
            waiting("CreateContainerConfigError", "secret \"shop-env\" not found"),
            "the container can't start (CreateContainerConfigError): secret \"shop-env\" not found",
        ),
        ("evicted", evicted, "Evicted: ephemeral storage exceeds 320Mi"),
        ("starting", waiting("ContainerCreating", ""), ""),
        ("running", json!({ "phase": "Running", "containerStatuses": [{ "state": { "running": {} } }] }), ""),
        ("new", json!({}), ""),
    ] {
        assert_eq!(problem(&status), expected, "{it}");
    }
}

#[test]
fn a_long_message_of_a_container_is_cut() {
    assert_eq!(problem(&waiting("RunContainerError", &"ä".repeat(500))).chars().count(), 256);
}

#[test]
fn a_pod_that_is_being_deleted_has_no_problem() {
    let mut leaving = pod(&waiting("ImagePullBackOff", "x"));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-07-01T12:00:00Z");
    let state = PodState::read(&leaving);
    assert_eq!((state.problem.as_str(), state.child.as_str()), ("", "shop-web"));
}

#[test]
fn the_version_of_its_template_is_known_and_whether_it_has_ended() {
    let labelled = |key: &str, phase: &str| {
        let mut it = pod(&json!({ "phase": phase }));
        it["metadata"]["labels"][key] = json!("5f6c9d");
        PodState::read(&it)
    };
    for key in ["pod-template-hash", "controller-revision-hash"] {
        let state = labelled(key, "Running");
        assert_eq!((state.template.as_str(), state.ended), ("5f6c9d", false));
    }
    for phase in ["Failed", "Succeeded"] {
        assert!(labelled("other", phase).ended);
    }
}
