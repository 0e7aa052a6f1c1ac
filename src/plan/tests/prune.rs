//! In which order objects are deleted.

use std::collections::BTreeMap;

use serde_json::json;

use super::child;
use crate::{
    api::{ComponentStatus, HardenedAppStatus},
    app::PartName,
    desired::{Child, Progress, Rollout, RolloutPhase, children},
    fixtures::{kind, target},
    plan::{Goes, Leftover, PartProgress, is_replaced, prunable},
};

/// What is left of a component without an autoscaler that is no longer declared, but for the kinds that are deleted already.
fn left(gone: &[&str], has_pods: bool) -> Vec<Leftover> {
    let kinds = ["ServiceAccount", "NetworkPolicy", "Deployment", "Service", "PodDisruptionBudget"];
    kinds
        .into_iter()
        .filter(|name| !gone.contains(name))
        .map(|name| Leftover {
            kind: kind(name),
            name: "shop-old".to_owned(),
            uid: "1".to_owned(),
            resource_version: "7".to_owned(),
            has_pods,
            goes: Goes::WhenReplaced,
            leaving: false,
        })
        .collect()
}

fn now(owned: &[Leftover], replaced: bool) -> Vec<&'static str> {
    let (now, later) = prunable(owned.to_vec(), &[child("Deployment")], replaced);
    assert_eq!(now.len() + later.len(), owned.len());
    now.iter().map(|leftover| leftover.kind.name).collect()
}

#[test]
fn nothing_is_deleted_before_its_replacement_is_available() {
    assert_eq!(now(&left(&[], true), false), [""; 0]);
    assert_eq!(now(&left(&["Deployment", "Service", "PodDisruptionBudget"], false), false), [""; 0]);
}

#[test]
fn what_was_removed_waits_for_parts_that_are_still_to_come_but_not_for_those_that_fail() {
    let declared = children(&target(super::shop()));
    let replaced = |progress: Option<Rollout>, settled: Option<&str>| {
        let component = ComponentStatus {
            name: "web".to_owned(),
            settled: settled.map(str::to_owned),
            ..ComponentStatus::default()
        };
        let status = HardenedAppStatus { components: vec![component], ..HardenedAppStatus::default() };
        let progress = PartProgress { progress: progress.map(Progress::Rollout), ..PartProgress::default() };
        is_replaced(&declared, &BTreeMap::from([(PartName::new("web"), progress)]), &status)
    };
    let with = |phase| Some(Rollout { desired: 2, current: true, phase, ..Rollout::default() });
    assert!(replaced(with(RolloutPhase::Finished), None), "its pods have failed since");
    assert!(!replaced(with(RolloutPhase::Stuck), None), "it has never been available");
    assert!(!replaced(with(RolloutPhase::UnderWay), None), "it isn't available yet");
    assert!(!replaced(None, None), "it doesn't exist yet");
    let deployment = super::child("Deployment");
    assert!(replaced(with(RolloutPhase::Stuck), Some(&deployment.hash)), "it was there before");
    assert!(!replaced(with(RolloutPhase::Stuck), Some("other")), "it was there before, and has changed since");
    assert!(!is_replaced(&declared, &BTreeMap::new(), &HardenedAppStatus::default()));
}

#[test]
fn workloads_are_deleted_before_their_guards() {
    assert_eq!(now(&left(&[], true), true), ["Deployment", "Service", "PodDisruptionBudget"]);
    // Even if no pod is known yet.
    assert_eq!(now(&left(&["Service", "PodDisruptionBudget"], false), true), ["Deployment"]);
}

#[test]
fn a_database_of_pods_replaces_no_guard_of_the_same_name() {
    let mut spec = super::shop();
    spec["components"][0]["connectsTo"] = json!(["old"]);
    spec["databases"] = json!([{ "name": "old", "engine": "postgres", "pods": { "matchLabels": { "cluster": "x" } } }]);
    let declared = children(&target(spec));
    let kinds = |replaced, owned: Vec<Leftover>| {
        prunable(owned, &declared, replaced).0.iter().map(|leftover| leftover.kind.name).collect::<Vec<_>>()
    };
    // A component or managed database of this name ran, and its pods still do.
    assert_eq!(kinds(true, left(&[], true)), ["Deployment", "Service", "PodDisruptionBudget"]);
    assert_eq!(kinds(false, left(&[], true)), [""; 0], "what replaces it has yet to come");
    let workloads = ["Deployment", "Service", "PodDisruptionBudget"];
    assert_eq!(kinds(true, left(&workloads, true)), [""; 0], "its policy stays until the last of them is gone");
    assert_eq!(kinds(true, left(&workloads, false)), ["ServiceAccount", "NetworkPolicy"]);
}

#[test]
fn guards_are_deleted_after_the_last_pod() {
    let workloads = ["Deployment", "Service", "PodDisruptionBudget"];
    assert_eq!(now(&left(&workloads, true), true), [""; 0]);
    assert_eq!(now(&left(&workloads, false), true), ["ServiceAccount", "NetworkPolicy"]);
}

#[test]
fn what_is_declared_is_never_deleted() {
    let declared: Vec<Child> = children(&target(super::shop()));
    let owned = left(&[], false).into_iter().map(|leftover| Leftover { name: "shop-web".to_owned(), ..leftover });
    let (now, later) = prunable(owned.collect(), &declared, true);
    assert!(now.is_empty() && later.is_empty());
}

#[test]
fn a_service_is_deleted_once_no_ports_are_declared() {
    let mut spec = super::shop();
    spec["components"][0].as_object_mut().unwrap().remove("ports");
    spec["components"][0].as_object_mut().unwrap().remove("allowFrom");
    let declared = children(&target(spec));
    let owned = left(&[], true).into_iter().map(|leftover| Leftover { name: "shop-web".to_owned(), ..leftover });
    let (now, _) = prunable(owned.collect(), &declared, true);
    assert_eq!(now.iter().map(|leftover| leftover.kind.name).collect::<Vec<_>>(), ["Service"]);
}
