//! Where a Service leads, and from where.

use serde_json::{Value, json};

use super::labels;
use crate::reach::{PodLabels, Service};

fn service(spec: &Value) -> Service {
    Service::read(&json!({ "metadata": { "name": "web", "namespace": "demo" }, "spec": spec }))
}

#[test]
fn a_service_selects_pods_with_all_its_labels() {
    let selects = |spec: Value| service(&spec).may_select(&PodLabels::of_pod(labels("app=web tier=front")));
    assert!(selects(json!({ "selector": { "app": "web" } })));
    assert!(selects(json!({ "selector": { "app": "web", "tier": "front" }, "type": "LoadBalancer" })));
    assert!(!selects(json!({ "selector": { "app": "web", "tier": "back" } })));
    assert!(!selects(json!({ "selector": {} })) && !selects(json!({})));
    assert!(!selects(json!({ "selector": { "app": "web" }, "type": "ExternalName", "externalName": "example.com" })));
}

#[test]
fn what_leads_in_from_outside_the_cluster_is_named() {
    for (spec, words) in [
        (json!({}), None),
        (json!({ "type": "ClusterIP", "ports": [{ "port": 80 }] }), None),
        (json!({ "type": "LoadBalancer", "ports": [{ "port": 80, "nodePort": 30080 }] }), Some("type LoadBalancer")),
        (json!({ "type": "NodePort", "ports": [{ "port": 5432, "nodePort": 30432 }] }), Some("type NodePort 30432")),
        (json!({ "type": "NodePort", "ports": [{ "port": 5432 }] }), Some("type NodePort")),
        (json!({ "externalIPs": ["192.0.2.1"] }), Some("externalIPs 192.0.2.1")),
        (
            json!({ "type": "LoadBalancer", "externalIPs": ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"] }),
            Some("type LoadBalancer, externalIPs 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 and 1 more"),
        ),
    ] {
        assert_eq!(service(&spec).exposes().as_deref(), words);
    }
}
