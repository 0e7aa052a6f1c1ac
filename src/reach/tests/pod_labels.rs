//! Selectors and pods of which only some labels are known.

use serde_json::{Value, json};

use super::{labels, policy};
use crate::reach::{PodLabels, Service};

/// Whether a selector may select the pods.
fn may_match(pods: &PodLabels, selector: &Value) -> bool {
    policy("p", &json!({ "podSelector": selector })).pods.may_match(pods)
}

fn expression(key: &str, operator: &str) -> Value {
    json!({ "matchExpressions": [{ "key": key, "operator": operator }] })
}

#[test]
fn labels_that_controllers_add_may_have_any_value() {
    let web = PodLabels::of_template(labels("app=web"));
    assert!(may_match(&web, &json!({})));
    for key in [
        "pod-template-hash",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
    ] {
        assert!(may_match(&web, &json!({ "matchLabels": { "app": "web", key: "x" } })), "{key}");
        assert!(may_match(&web, &expression(key, "DoesNotExist")), "{key}");
        assert!(!may_match(&PodLabels::of_pod(labels("app=web")), &json!({ "matchLabels": { key: "x" } })), "{key}");
        let service = json!({ "metadata": {}, "spec": { "selector": { key: "x" } } });
        assert!(Service::read(&service).may_select(&web), "{key}");
    }
    assert!(!may_match(&web, &json!({ "matchLabels": { "app": "web", "tier": "x" } })));
    assert!(!may_match(&web, &json!({ "matchLabels": { "app": "api", "pod-template-hash": "x" } })));
    assert!(!may_match(&web, &expression("app", "DoesNotExist")));
    let not_in = json!({ "matchExpressions": [{ "key": "app", "operator": "NotIn", "values": ["web"] }] });
    assert!(!may_match(&web, &not_in));
}

#[test]
fn of_some_pods_only_the_least_is_known() {
    let pg = PodLabels::at_least(labels("cluster=pg"), "workload");
    assert!(may_match(&pg, &json!({ "matchLabels": { "cluster": "pg", "role": "primary" } })));
    assert!(may_match(&pg, &expression("role", "Exists")) && may_match(&pg, &expression("workload", "DoesNotExist")));
    assert!(!may_match(&pg, &json!({ "matchLabels": { "cluster": "other" } })));
    assert!(!may_match(&pg, &json!({ "matchLabels": { "workload": "shop.web" } })));
    let service = json!({ "metadata": {}, "spec": { "selector": { "cluster": "other" } } });
    assert!(!Service::read(&service).may_select(&pg));
}
