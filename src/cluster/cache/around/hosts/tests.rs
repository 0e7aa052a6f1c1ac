//! Which app gets which host, step by step.

use super::{
    super::kind::NeighbourKind,
    claims::{Claimant, HostClaims, Hosts},
};
use crate::{app::AppId, cluster::AppKey, release::Unclaimed};

const HOST: &str = "shop.example.com";

fn app(name: &str, created: &str) -> Claimant {
    let id = AppId { namespace: format!("of-{name}"), name: name.to_owned(), uid: format!("uid-{name}") };
    Claimant::new(&id, created.to_owned())
}

fn key(name: &str) -> AppKey {
    (format!("of-{name}"), name.to_owned())
}

/// One reconciliation: the app claims the host, and writes its object if it gets it.
fn reconcile(hosts: &mut Hosts, app: &Claimant, name: &str, host: &str) -> Option<Unclaimed> {
    let (HostClaims { unclaimed, .. }, _) = hosts.claim(app, &[host.to_owned()]);
    if unclaimed.is_empty() {
        serve(hosts, name, Some(&format!("uid-{name}")), host);
    }
    hosts.end(&format!("uid-{name}"));
    unclaimed.get(host).copied()
}

fn serve(hosts: &mut Hosts, name: &str, owner: Option<&str>, host: &str) -> Vec<AppKey> {
    hosts.observed(NeighbourKind::Ingress, (&format!("of-{name}"), name), owner, &[host.to_owned()])
}

fn removed(hosts: &mut Hosts, name: &str) -> Vec<AppKey> {
    hosts.observed(NeighbourKind::Ingress, (&format!("of-{name}"), name), None, &[])
}

#[test]
fn the_first_app_has_the_host_until_its_object_is_gone() {
    let mut hosts = Hosts::default();
    let (a, b, older) = (app("a", "2026-01-02"), app("b", "2026-01-03"), app("c", "2026-01-01"));
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), None);
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), Some(Unclaimed::Taken));
    assert_eq!(reconcile(&mut hosts, &older, "c", HOST), Some(Unclaimed::Taken), "who has it keeps it");
    assert_eq!(hosts.app_gone("uid-a"), [key("b"), key("c")]);
    assert_eq!(reconcile(&mut hosts, &older, "c", HOST), Some(Unclaimed::Taken), "its object still serves the host");
    assert_eq!(removed(&mut hosts, "a"), [key("b"), key("c")]);
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), Some(Unclaimed::Taken), "an older app waits");
    assert_eq!(reconcile(&mut hosts, &older, "c", HOST), None);
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), Some(Unclaimed::Taken));
}

#[test]
fn an_app_that_goes_while_its_objects_are_written_keeps_the_host_until_they_are() {
    let mut hosts = Hosts::default();
    let (a, b) = (app("a", "1"), app("b", "2"));
    assert!(hosts.claim(&a, &[HOST.to_owned()]).0.unclaimed.is_empty());
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), Some(Unclaimed::Taken));
    assert!(hosts.app_gone("uid-a").is_empty());
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), Some(Unclaimed::Taken), "a write is under way");
    serve(&mut hosts, "a", Some("uid-a"), HOST);
    assert_eq!(hosts.end("uid-a"), [key("b")]);
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), Some(Unclaimed::Taken), "it was written");
    removed(&mut hosts, "a");
    assert_eq!(reconcile(&mut hosts, &b, "b", HOST), None);
}

#[test]
fn after_a_restart_the_objects_say_who_has_the_host() {
    let mut hosts = Hosts::default();
    serve(&mut hosts, "a", Some("uid-a"), HOST);
    assert_eq!(reconcile(&mut hosts, &app("b", "1"), "b", HOST), Some(Unclaimed::Taken));
    assert_eq!(reconcile(&mut hosts, &app("a", "2"), "a", HOST), None);
}

#[test]
fn who_claims_nothing_any_more_holds_up_nobody() {
    let mut hosts = Hosts::default();
    let (older, younger) = (app("older", "1"), app("younger", "2"));
    serve(&mut hosts, "foreign", None, HOST);
    assert_eq!(reconcile(&mut hosts, &older, "older", HOST), Some(Unclaimed::Taken));
    assert_eq!(reconcile(&mut hosts, &younger, "younger", HOST), Some(Unclaimed::Taken));
    removed(&mut hosts, "foreign");
    assert_eq!(reconcile(&mut hosts, &younger, "younger", HOST), Some(Unclaimed::Taken), "an older one waits");
    assert_eq!(hosts.app_gone("uid-older"), [key("younger")]);
    assert_eq!(reconcile(&mut hosts, &younger, "younger", HOST), None);
}

#[test]
fn an_object_of_others_keeps_the_host_and_takes_none() {
    let mut hosts = Hosts::default();
    let a = app("a", "1");
    serve(&mut hosts, "foreign", None, HOST);
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), Some(Unclaimed::Taken));
    assert_eq!(removed(&mut hosts, "foreign"), [key("a")]);
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), None);
    assert_eq!(serve(&mut hosts, "foreign", None, HOST), [key("a")]);
    let (claims, _) = hosts.claim(&a, &[HOST.to_owned()]);
    assert!(claims.unclaimed.is_empty() && claims.shared.contains(HOST), "{claims:?}");
    // An owner of another namespace is none.
    removed(&mut hosts, "a");
    hosts.app_gone("uid-a");
    hosts.end("uid-a");
    removed(&mut hosts, "foreign");
    serve(&mut hosts, "foreign", Some("uid-b"), HOST);
    assert_eq!(reconcile(&mut hosts, &app("b", "1"), "b", HOST), Some(Unclaimed::Taken));
}

#[test]
fn hosts_of_apps_with_names_in_common_exclude_each_other() {
    for (first, second, excluded) in [
        ("*.example.com", "shop.example.com", true),
        ("shop.example.com", "*.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.b.example.com", "*.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "shop.example.org", false),
        ("a.example.com", "b.example.com", false),
    ] {
        let mut hosts = Hosts::default();
        assert_eq!(reconcile(&mut hosts, &app("a", "1"), "a", first), None);
        let expected = excluded.then_some(Unclaimed::Taken);
        assert_eq!(reconcile(&mut hosts, &app("b", "2"), "b", second), expected, "{first} {second}");
    }
    // A wildcard of others only serves what nothing else does.
    let mut hosts = Hosts::default();
    serve(&mut hosts, "platform", None, "*.example.com");
    assert_eq!(reconcile(&mut hosts, &app("a", "1"), "a", HOST), None);
}

#[test]
fn nothing_is_claimed_while_a_kind_of_route_is_unknown() {
    let mut hosts = Hosts::default();
    let (a, b) = (app("a", "1"), app("b", "2"));
    assert_eq!(reconcile(&mut hosts, &b, "b", "b.example.com"), None);
    hosts.await_list(NeighbourKind::HttpRoute);
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), Some(Unclaimed::Unknown));
    assert_eq!(reconcile(&mut hosts, &b, "b", "b.example.com"), None, "it has it already");
    hosts.relist(NeighbourKind::HttpRoute);
    assert_eq!(hosts.relisted(NeighbourKind::HttpRoute), [key("a")]);
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), None);
}

#[test]
fn a_list_and_a_kind_that_vanishes_free_hosts() {
    let mut hosts = Hosts::default();
    let a = app("a", "1");
    serve(&mut hosts, "gone", None, HOST);
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), Some(Unclaimed::Taken));
    hosts.relist(NeighbourKind::Ingress);
    serve(&mut hosts, "other", None, "other.example.com");
    assert_eq!(hosts.relisted(NeighbourKind::Ingress), [key("a")]);
    assert_eq!(reconcile(&mut hosts, &a, "a", HOST), None);
    let b = app("b", "2");
    assert_eq!(reconcile(&mut hosts, &b, "b", "other.example.com"), Some(Unclaimed::Taken));
    assert!(hosts.vanished(NeighbourKind::Ingress).contains(&key("b")));
    assert_eq!(reconcile(&mut hosts, &b, "b", "other.example.com"), None);
}

#[test]
fn a_namespace_with_many_hosts_takes_bounded_memory() {
    let mut hosts = Hosts::default();
    let many: Vec<String> = (0..5000).map(|number| format!("h{number}.example.com")).collect();
    hosts.observed(NeighbourKind::Ingress, ("attacker", "many"), None, &many);
    let (claims, _) = hosts.claim(&app("a", "1"), &[many[10].clone(), many[4000].clone()]);
    assert_eq!(claims.unclaimed.len(), 1, "what isn't kept blocks nobody");
    assert!(claims.unclaimed.contains_key(&many[10]));
}
