//! Connections that only pods of earlier releases need.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;

use super::isolation::{applied, guard, labels, shop_with_pods};
use crate::{
    app::{Edge, End, PartName, Peer, PortNumber, Ports},
    desired::{Progress, Rollout, children},
    fixtures::{kind, shop, target},
    plan::{Applied, ChildOutcome, ChildState, PartProgress, PodState, still_needed},
    release::Target,
};

/// Whether a connection of an earlier release is still needed, while a part has this rollout and pods of these templates.
fn is_needed(
    earlier: &Edge,
    (desired, complete): (i32, bool),
    templates: &[&str],
    children: Vec<ChildOutcome>,
    part: &str,
) -> bool {
    let rollout = Rollout { desired, ready: desired, current: true, complete, ..Rollout::default() };
    let pod = |template: &&str| PodState {
        template: template.trim_end_matches(" ended").to_owned(),
        ended: template.ends_with(" ended"),
        ..PodState::default()
    };
    let pods = templates.iter().map(pod).collect();
    let progress = PartProgress { progress: Some(Progress::Rollout(rollout)), pods, fewest: None };
    let target = Target { earlier: [earlier.clone()].into(), ..target(shop()) };
    let progress = BTreeMap::from([(PartName::new(part), progress)]);
    let applied = Applied { children, progress, ..applied(target, Vec::new()) };
    !still_needed(&applied).is_empty()
}

fn pods(workload: &str) -> End {
    End::Pods(Peer { namespace: None, workload: workload.to_owned() })
}

fn on_port(number: u16) -> Ports {
    Ports::Of(vec![PortNumber { number, protocol: crate::api::Protocol::Tcp }])
}

#[test]
fn a_port_stays_open_to_other_apps_until_the_last_pod_that_listens_there_is_gone() {
    let from = pods("portal.web");
    for from in
        [from.clone(), End::Pods(Peer { namespace: Some("team-b".to_owned()), workload: "portal.web".to_owned() })]
    {
        let earlier = Edge { from, to: pods("shop.web"), ports: on_port(8080) };
        let is_needed = |complete, templates: &[&str]| is_needed(&earlier, (2, complete), templates, Vec::new(), "web");
        assert!(is_needed(false, &["new", "old"]));
        assert!(is_needed(true, &["new", "old"]), "one is ending");
        assert!(!is_needed(true, &["new", "new"]));
    }
    let of_nobody = Edge { from, to: pods("other.web"), ports: on_port(8080) };
    assert!(!is_needed(&of_nobody, (2, false), &["old"], Vec::new(), "web"));
}

#[test]
fn a_connection_stays_open_until_the_new_template_is_written() {
    let earlier = Edge { from: pods("shop.web"), to: End::Database(labels("cluster", "shop")), ports: on_port(5432) };
    let is_needed = |state| {
        let part = Some(PartName::new("web"));
        let deployment = ChildOutcome { kind: kind("Deployment"), name: "shop-web".to_owned(), part, ..guard(state) };
        is_needed(&earlier, (2, true), &["old", "old"], vec![deployment], "web")
    };
    assert!(is_needed(ChildState::Failed(Duration::ZERO, String::new())));
    assert!(is_needed(ChildState::Held));
    assert!(!is_needed(ChildState::InPlace));
}

#[test]
fn a_connection_stays_open_until_the_last_pod_of_an_earlier_release_is_gone() {
    let to = End::Database(labels("cluster", "shop"));
    let earlier = Edge { from: pods("shop.web"), to, ports: on_port(5432) };
    let of = |desired: i32, complete: bool, templates: &[&str], children: Vec<ChildOutcome>, part: &str| {
        is_needed(&earlier, (desired, complete), templates, children, part)
    };
    let of_web = |complete, templates: &[&str]| of(2, complete, templates, Vec::new(), "web");
    assert!(of_web(false, &["new", "old", "old"]), "pods of both releases run");
    assert!(of_web(true, &["new", "new", "old"]), "one is ending");
    assert!(of_web(true, &["new", "old"]), "one is ending, and a new one isn't known yet");
    assert!(!of_web(true, &["new", "new"]));
    assert!(!of_web(true, &["new", "new", "new"]), "one of the same template is ending");
    assert!(!of_web(true, &["new", "new", "old ended"]), "what was evicted connects to nothing");
    assert!(of_web(true, &[]), "none is known yet");
    assert!(of(0, true, &["old"], Vec::new(), "web"), "the last one is ending");
    assert!(!of(0, true, &[], Vec::new(), "web"));
    let left = ChildOutcome { name: "shop-web".to_owned(), part: None, declared: false, ..guard(ChildState::InPlace) };
    let all = &["new", "new"];
    assert!(of(2, true, all, vec![left], "other"), "its component was removed, and its objects still exist");
    assert!(!of(2, true, all, Vec::new(), "other"));
}

#[test]
fn pods_of_an_earlier_release_keep_the_port_that_they_use() {
    let mut spec = shop_with_pods();
    let earlier = target(spec.clone()).runs.unwrap().edges.into_iter().collect();
    spec["databases"][0]["port"] = json!(6432);
    let target = Target { earlier, ..target(spec) };
    let policy = children(&target).into_iter().find(|child| child.name == "shop-db.pods").unwrap();
    let ports: Vec<_> = policy.body["spec"]["ingress"].as_array().unwrap().iter().map(|rule| &rule["ports"]).collect();
    let port = |number: u16| json!([{ "port": number, "protocol": "TCP" }]);
    assert!(ports.contains(&&port(5432)) && ports.contains(&&port(6432)), "{ports:?}");
}
