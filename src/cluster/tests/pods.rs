//! The pods that the cache knows.

use serde_json::{Value, json};

use super::sent;
use crate::cluster::cache::Pods;

fn pod(status: &Value) -> Value {
    json!({
        "metadata": { "name": "p1", "namespace": "demo", "labels": { "hardened.dev/workload": "shop.web" } },
        "status": status,
    })
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "containerStatuses": [{ "image": "r.io/web:1", "state": { "waiting": { "reason": reason, "message": message } } }] })
}

#[test]
fn only_a_change_of_a_pods_state_triggers_a_reconciliation() {
    let mut pods = Pods::default();
    let shop = [("demo".to_owned(), "shop".to_owned())];
    assert_eq!(pods.observed(&sent(&pod(&json!({})))), shop);
    assert_eq!(pods.observed(&sent(&pod(&json!({ "phase": "Running" })))), []);
    assert_eq!(pods.observed(&sent(&pod(&waiting("ErrImagePull", "")))), shop);
    assert_eq!(pods.deleted(&sent(&pod(&json!({})))), shop.into_iter().next());
    assert_eq!(pods.deleted(&sent(&pod(&json!({})))), None);
}

#[test]
fn a_list_drops_pods_that_it_doesnt_contain() {
    let mut pods = Pods::default();
    pods.observed(&sent(&pod(&json!({}))));
    let mut other = pod(&json!({}));
    other["metadata"]["name"] = json!("p2");
    pods.relist();
    pods.observed(&sent(&other));
    assert_eq!(pods.relisted(), [("demo".to_owned(), "shop".to_owned())]);
    assert_eq!(pods.of_child("demo", "shop-web").len(), 1);
    assert!(!pods.any_of_child("demo2", "shop-web"));
    assert!(!pods.any_of_child("dem", "shop-web"));
}

#[test]
fn a_pod_that_moves_to_another_app_triggers_both() {
    let mut pods = Pods::default();
    pods.observed(&sent(&pod(&waiting("ErrImagePull", ""))));
    let mut moved = pod(&json!({}));
    moved["metadata"]["labels"]["hardened.dev/workload"] = json!("other.api");
    let apps = ["shop", "other"].map(|app| ("demo".to_owned(), app.to_owned()));
    assert_eq!(pods.observed(&sent(&moved)), apps);
    assert!(!pods.any_of_child("demo", "shop-web") && pods.any_of_child("demo", "other-api"));
}
