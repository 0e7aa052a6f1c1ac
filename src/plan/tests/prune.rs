//! In which order objects are deleted.

use super::child;
use crate::{
    desired::{Child, children},
    fixtures::{kind, target},
    plan::{Leftover, prunable},
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
            leaving: false,
        })
        .collect()
}

fn now(owned: &[Leftover], available: bool) -> Vec<&'static str> {
    let (now, later) = prunable(owned.to_vec(), &[child("Deployment")], available);
    assert_eq!(now.len() + later.len(), owned.len());
    now.iter().map(|leftover| leftover.kind.name).collect()
}

#[test]
fn nothing_is_deleted_before_its_replacement_is_available() {
    assert_eq!(now(&left(&[], true), false), [""; 0]);
    assert_eq!(now(&left(&["Deployment", "Service", "PodDisruptionBudget"], false), false), [""; 0]);
}

#[test]
fn workloads_are_deleted_before_their_guards() {
    assert_eq!(now(&left(&[], true), true), ["Deployment", "Service", "PodDisruptionBudget"]);
    // Even if no pod is known yet.
    assert_eq!(now(&left(&["Service", "PodDisruptionBudget"], false), true), ["Deployment"]);
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
