//! Pods in words.

use serde_json::{Value, json};

use crate::cluster::pods::Pods;

fn pod(status: &Value) -> Value {
    json!({
        "metadata": { "name": "p1", "namespace": "demo", "labels": { "hardened.dev/workload": "shop.web" } },
        "status": status,
    })
}

fn problem(status: &Value) -> String {
    let mut pods = Pods::default();
    pods.observed(&pod(status));
    pods.of_child("demo", "shop-web").remove(0).problem
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "containerStatuses": [{ "image": "r.io/web:1", "state": { "waiting": { "reason": reason, "message": message } } }] })
}

fn ended(state: &str, ready: bool) -> Value {
    let state = json!({ state: { "terminated": { "exitCode": 137, "reason": "OOMKilled" } }, "ready": ready });
    json!({ "containerStatuses": [state] })
}

#[test]
fn problems_are_told_in_words() {
    let crash = json!({ "containerStatuses": [{
        "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s" } },
        "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } },
    }] });
    let unscheduled = json!({ "conditions": [
        { "type": "Initialized", "status": "True", "message": "x" },
        { "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available" },
    ] });
    let evicted = json!({ "phase": "Failed", "reason": "Evicted", "message": "ephemeral storage exceeds 320Mi" });
    for (it, status, words) in [
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
        ("unscheduled", unscheduled, "no node fits: 0/3 nodes are available"),
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
        assert_eq!(problem(&status), words, "{it}");
    }
}

#[test]
fn a_containers_own_words_are_cut() {
    assert_eq!(problem(&waiting("RunContainerError", &"ä".repeat(500))).chars().count(), 256);
}

#[test]
fn a_pod_that_is_leaving_has_no_problem() {
    let mut pods = Pods::default();
    let mut leaving = pod(&waiting("ImagePullBackOff", "x"));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-07-01T12:00:00Z");
    pods.observed(&leaving);
    assert_eq!(pods.of_child("demo", "shop-web")[0].problem, "");
    assert!(pods.any_of_child("demo", "shop-web"));
}

#[test]
fn only_news_about_a_pod_calls_for_a_look() {
    let mut pods = Pods::default();
    let shop = Some(("demo".to_owned(), "shop".to_owned()));
    assert_eq!(pods.observed(&pod(&json!({}))), shop);
    assert_eq!(pods.observed(&pod(&json!({ "phase": "Running" }))), None);
    assert_eq!(pods.observed(&pod(&waiting("ErrImagePull", ""))), shop);
    assert_eq!(pods.deleted(&pod(&json!({}))), shop);
    assert_eq!(pods.deleted(&pod(&json!({}))), None);
}

#[test]
fn a_list_drops_pods_that_it_doesnt_hold() {
    let mut pods = Pods::default();
    pods.observed(&pod(&json!({})));
    let mut other = pod(&json!({}));
    other["metadata"]["name"] = json!("p2");
    pods.relist();
    pods.observed(&other);
    assert_eq!(pods.relisted(), [("demo".to_owned(), "shop".to_owned())]);
    assert_eq!(pods.of_child("demo", "shop-web").len(), 1);
    assert!(!pods.any_of_child("demo2", "shop-web"));
    assert!(!pods.any_of_child("dem", "shop-web"));
}
