//! In which order things go.

use super::child;
use crate::{
    desired::{Child, KINDS, Kind, children},
    fixtures::target,
    plan::{Leftover, prunable},
};

/// What is left of a component that nothing declares any more, without the kinds that are gone already.
fn left(gone: &[&str], has_pods: bool) -> Vec<Leftover> {
    // The component had no autoscaler.
    let gone = |kind: &&Kind| gone.contains(&kind.name) || kind.name == "HorizontalPodAutoscaler";
    let kinds = KINDS.iter().filter(|kind| !gone(kind));
    kinds
        .map(|kind| Leftover {
            kind,
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
fn nothing_goes_while_the_new_doesnt_serve() {
    assert_eq!(now(&left(&[], true), false), [""; 0]);
    assert_eq!(now(&left(&["Deployment", "Service", "PodDisruptionBudget"], false), false), [""; 0]);
}

#[test]
fn workloads_go_before_what_binds_their_pods() {
    assert_eq!(now(&left(&[], true), true), ["Deployment", "Service", "PodDisruptionBudget"]);
    // Even if no pod has been seen yet.
    assert_eq!(now(&left(&["Service", "PodDisruptionBudget"], false), true), ["Deployment"]);
}

#[test]
fn what_binds_pods_goes_after_the_last_pod() {
    let workloads = ["Deployment", "Service", "PodDisruptionBudget"];
    assert_eq!(now(&left(&workloads, true), true), [""; 0]);
    assert_eq!(now(&left(&workloads, false), true), ["ServiceAccount", "NetworkPolicy"]);
}

#[test]
fn what_is_declared_never_goes() {
    let declared: Vec<Child> = children(&target(super::shop()));
    let owned = left(&[], false).into_iter().map(|leftover| Leftover { name: "shop-web".to_owned(), ..leftover });
    let (now, later) = prunable(owned.collect(), &declared, true);
    assert!(now.is_empty() && later.is_empty());
}

#[test]
fn a_service_goes_when_the_ports_do() {
    let mut spec = super::shop();
    spec["components"][0].as_object_mut().unwrap().remove("ports");
    spec["components"][0].as_object_mut().unwrap().remove("allowFrom");
    let declared = children(&target(spec));
    let owned = left(&[], true).into_iter().map(|leftover| Leftover { name: "shop-web".to_owned(), ..leftover });
    let (now, _) = prunable(owned.collect(), &declared, true);
    assert_eq!(now.iter().map(|leftover| leftover.kind.name).collect::<Vec<_>>(), ["Service"]);
}
