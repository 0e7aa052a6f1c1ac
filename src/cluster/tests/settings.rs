//! Which policy applies where.

use kube::core::{DeserializeGuard, PartialObjectMeta};
use serde_json::{Value, json};

use crate::{app::Policy, cluster::Settings};

fn policy(settings: &Settings, name: &str, spec: &Value) -> bool {
    let object = json!({ "metadata": { "name": name }, "spec": spec });
    settings.policy_observed(&serde_json::from_value::<DeserializeGuard<_>>(object).unwrap())
}

fn namespace(settings: &Settings, metadata: &Value) -> bool {
    let object: PartialObjectMeta<_> = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
    settings.namespace_observed(&object)
}

#[test]
fn the_label_picks_the_policy_else_default_else_the_built_in_one() {
    let settings = Settings::default();
    assert_eq!(settings.policy("demo").unwrap(), Policy::default());
    assert!(policy(&settings, "default", &json!({})));
    assert_eq!(settings.policy("demo").unwrap().name, "default");
    assert!(policy(&settings, "strict", &json!({ "images": { "requireDigest": true } })));
    assert!(namespace(&settings, &json!({ "name": "demo", "labels": { "hardened.dev/policy": "strict" } })));
    assert_eq!(settings.policy("demo").unwrap().name, "strict");
    assert_eq!(settings.policy("other").unwrap().name, "default");
}

#[test]
fn a_label_that_names_no_policy_is_refused_and_never_falls_back() {
    let settings = Settings::default();
    policy(&settings, "default", &json!({}));
    namespace(&settings, &json!({ "name": "demo", "labels": { "hardened.dev/policy": "gone" } }));
    let rejections = settings.policy("demo").unwrap_err();
    assert_eq!(rejections[0].path, "namespace demo, label hardened.dev/policy");
    assert_eq!(rejections[0].problem, "there is no HardeningPolicy gone");
}

#[test]
fn a_policy_with_mistakes_is_refused_by_its_name() {
    let settings = Settings::default();
    policy(&settings, "default", &json!({ "network": { "clusterCIDRs": ["ten"] } }));
    assert_eq!(settings.policy("demo").unwrap_err()[0].path, "HardeningPolicy default: spec.network.clusterCIDRs[0]");
    policy(&settings, "default", &json!({ "images": { "pullPolicy": "Sometimes" } }));
    assert!(settings.policy("demo").unwrap_err()[0].problem.starts_with("it doesn't fit the schema"));
}

#[test]
fn only_an_effective_change_triggers_reconciliations() {
    let settings = Settings::default();
    assert!(policy(&settings, "default", &json!({})));
    assert!(!policy(&settings, "default", &json!({})));
    assert!(!namespace(&settings, &json!({ "name": "demo" })));
    assert!(namespace(&settings, &json!({ "name": "demo", "deletionTimestamp": "2026-07-01T12:00:00Z" })));
    assert!(settings.is_terminating("demo"));
    settings.namespace_deleted("demo");
    assert!(!settings.is_terminating("demo"));
}

#[test]
fn a_full_list_drops_what_it_doesnt_contain() {
    let settings = Settings::default();
    policy(&settings, "default", &json!({}));
    namespace(&settings, &json!({ "name": "demo", "deletionTimestamp": "2026-07-01T12:00:00Z" }));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert!(!settings.policies_listed(&names(&["default"])));
    assert!(settings.policies_listed(&names(&["strict"])));
    assert_eq!(settings.policy("demo").unwrap(), Policy::default());
    settings.namespaces_listed(&names(&["demo"]));
    assert!(settings.is_terminating("demo"));
    settings.namespaces_listed(&names(&[]));
    assert!(!settings.is_terminating("demo"));
}
