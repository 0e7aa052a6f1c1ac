//! The exact text of the metrics, and when the process is ready.

use std::{sync::Arc, time::Duration};

use k8s_openapi::jiff::Timestamp;
use kube::runtime::{controller::Action, watcher::Event};
use serde_json::{Value, json};

use super::{
    apps::Apps,
    health::{Health, Phase},
    metrics::{Metrics, OfApps, OfElection, OfTraffic},
    reconciles::Reconciles,
};
use crate::{
    api::StoredApp,
    cluster::{Memory, Tenure, Traffic},
    desired::KINDS,
    fixtures::drift_item,
};

fn app(name: &str, uid: &str, status: &Value) -> StoredApp {
    let app = json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "namespace": "demo", "name": name, "uid": uid },
        "spec": { "components": [{ "name": "web", "image": "r.io/web:1" }] },
        "status": status,
    });
    serde_json::from_value(app).unwrap()
}

fn status() -> Value {
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status, "reason": "R", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z" });
    let item = json!({ "kind": "Service", "name": "shop-web", "path": "spec.type", "change": "Changed" });
    json!({
        "conditions": [condition("Ready", "True"), condition("InSync", "False"), condition("Mine", "True"), condition("Available", "perhaps")],
        "drift": { "open": [item] },
        "findings": [{ "check": "no-probes", "message": "m" }, { "check": "image-not-pinned", "message": "m" }],
    })
}

/// The samples of the metrics whose name has this prefix.
fn samples(text: &str, prefix: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}

#[test]
fn an_app_has_metrics_from_its_status_until_it_is_deleted() {
    let (apps, memory) = (Arc::<Apps>::default(), Arc::<Memory>::default());
    let mut metrics = Metrics::new();
    metrics.collect(OfApps { apps: apps.clone(), memory: memory.clone() });
    apps.observe(&Event::Apply(app("shop", "1", &status())));
    memory.begin("1");
    memory.of("1", |memory| {
        memory.add_reverted(&[drift_item("shop-web"), drift_item("shop-web")], Timestamp::from_second(100).unwrap());
    });
    let expected = r#"# HELP hardenedapp_build The running operator.
# TYPE hardenedapp_build info
hardenedapp_build_info{version="VERSION"} 1
# HELP hardenedapp_condition The conditions of each app, each with its status.
# TYPE hardenedapp_condition gauge
hardenedapp_condition{namespace="demo",name="shop",type="Ready",status="True"} 1.0
hardenedapp_condition{namespace="demo",name="shop",type="InSync",status="False"} 1.0
# HELP hardenedapp_drift_open Deviations that are not reverted, at most 20.
# TYPE hardenedapp_drift_open gauge
hardenedapp_drift_open{namespace="demo",name="shop"} 1.0
# HELP hardenedapp_findings Settings that are weaker than possible, at most 100.
# TYPE hardenedapp_findings gauge
hardenedapp_findings{namespace="demo",name="shop"} 2.0
# HELP hardenedapp_drift_reverted Deviations that were reverted.
# TYPE hardenedapp_drift_reverted counter
KINDS# EOF
"#;
    let kinds = KINDS.iter().map(|kind| {
        let count = if kind.name == "Service" { 2 } else { 0 };
        format!("hardenedapp_drift_reverted_total{{namespace=\"demo\",name=\"shop\",kind=\"{}\"}} {count}\n", kind.name)
    });
    let expected = expected.replace("KINDS", &kinds.collect::<String>()).replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(metrics.text().unwrap(), expected);

    assert_eq!(apps.observe(&Event::Delete(app("shop", "1", &status()))), ["1"]);
    memory.of("1", |memory| memory.add_reverted(&[drift_item("shop-web")], Timestamp::from_second(100).unwrap()));
    let text = metrics.text().unwrap();
    assert!(!text.contains("shop"), "a reconciliation that ends late restores no series: {text}");
}

#[test]
fn an_app_deleted_while_the_watch_was_interrupted_is_dropped_by_the_next_list() {
    let apps = Apps::default();
    for name in ["a", "b"] {
        assert!(apps.observe(&Event::InitApply(app(name, name, &json!({})))).is_empty());
    }
    assert!(apps.observe(&Event::InitDone).is_empty());
    apps.observe(&Event::Init);
    assert_eq!(apps.all().len(), 2, "during a list all stay");
    assert_eq!(apps.observe(&Event::InitApply(app("a", "new", &json!({})))), ["a"], "it was recreated meanwhile");
    assert_eq!(apps.observe(&Event::InitDone), ["b"]);
    assert_eq!(apps.all().len(), 1);
}

#[test]
fn an_unreadable_app_is_not_ready() {
    let metadata = json!({ "namespace": "demo", "name": "bad", "uid": "1" });
    let bad = json!({ "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "metadata": metadata, "spec": 1 });
    let apps = Apps::default();
    apps.observe(&Event::Apply(serde_json::from_value(bad).unwrap()));
    let seen = apps.all().into_values().next().unwrap();
    assert_eq!(
        (seen.uid.as_str(), seen.conditions.as_slice()),
        ("1", &[("Ready", "False"), ("Accepted", "False")][..])
    );
}

#[tokio::test]
async fn reconciliations_are_counted_by_their_result() {
    let mut metrics = Metrics::new();
    let reconciles = Reconciles::register(metrics.registry(), 16);
    reconciles.measure(async { Ok(Action::await_change()) }).await.unwrap();
    reconciles.measure(async { Ok(Action::requeue(Duration::from_secs(1))) }).await.unwrap();
    let cut_off = tokio::time::timeout(Duration::ZERO, reconciles.measure(std::future::pending())).await;
    assert!(cut_off.is_err());
    let text = metrics.text().unwrap();
    let mut results = samples(&text, "controller_runtime_reconcile_total");
    results.sort();
    let expected = [("error", 0), ("requeue", 0), ("requeue_after", 1), ("success", 1)];
    assert_eq!(
        results,
        expected.map(|(result, count)| format!(
            "controller_runtime_reconcile_total{{controller=\"hardenedapp\",result=\"{result}\"}} {count}"
        ))
    );
    for sample in [
        "controller_runtime_reconcile_errors_total{controller=\"hardenedapp\"} 0",
        "controller_runtime_reconcile_time_seconds_count{controller=\"hardenedapp\"} 2",
        "controller_runtime_active_workers{controller=\"hardenedapp\"} 0",
        "controller_runtime_max_concurrent_reconciles{controller=\"hardenedapp\"} 16",
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample} in {text}");
    }
}

#[test]
fn request_metrics_exist_before_the_first_request() {
    let mut metrics = Metrics::new();
    metrics.collect(OfTraffic { traffic: Arc::<Traffic>::default(), host: "api:6443".to_owned() });
    assert!(metrics.text().unwrap().contains("# TYPE rest_client_requests counter"));
}

#[test]
fn only_a_replica_that_may_write_is_the_master() {
    let (mut metrics, tenure) = (Metrics::new(), Arc::<Tenure>::default());
    metrics.collect(OfElection(tenure.clone()));
    let value = || samples(&metrics.text().unwrap(), "leader_election_master_status");
    assert_eq!(value(), ["leader_election_master_status{name=\"hardened-app\"} 0.0"]);
    assert!(tenure.renewed(tokio::time::Instant::now()));
    assert_eq!(value(), ["leader_election_master_status{name=\"hardened-app\"} 1.0"]);
    tenure.end();
    assert_eq!(value(), ["leader_election_master_status{name=\"hardened-app\"} 0.0"]);
}

#[test]
fn the_process_is_ready_while_it_stands_by_and_from_full_caches_to_the_stop_signal() {
    let health = Health::of(Arc::default());
    for (phase, expected) in [
        (Phase::Starts, Err("the Lease isn't read yet: the log says why")),
        (Phase::StandsBy, Ok("ok: it stands by, another pod leads")),
        (Phase::FillsCaches, Err("the caches are not full yet")),
        (Phase::StandsBy, Err("the caches are not full yet")),
        (Phase::Works, Ok("ok: it leads")),
        (Phase::Stops, Err("stop requested")),
        (Phase::Works, Err("stop requested")),
    ] {
        health.enter(phase);
        assert_eq!(health.ready(), expected.map_err(str::to_owned), "{phase:?}");
    }
    assert_eq!(health.alive(), Ok("ok"), "an end in order is no reason to kill");
}
