//! What others have in the apps' namespaces: what is kept, how lists and watches fit together, and which apps a change wakes.

use std::{collections::BTreeMap, sync::Arc};

use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use super::sent;
use crate::{
    app::{AppId, PartName},
    cluster::{
        AppKey, Cache, PodGroups,
        cache::{Begun, ForeignPods, Listing, Missing, NeighbourKind, Record},
        watch::child,
    },
    desired::KINDS,
    fixtures::{child as declared, kind},
    plan::{Live, Neighbours},
};

const POLICY: NeighbourKind = NeighbourKind::NetworkPolicy;

fn app(namespace: &str, name: &str) -> AppId {
    AppId { namespace: namespace.to_owned(), name: name.to_owned(), uid: format!("uid-{namespace}-{name}") }
}

fn groups(parts: &[&str]) -> PodGroups {
    PodGroups { parts: parts.iter().map(|part| PartName::new(part)).collect(), databases: Vec::new() }
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A cache whose watches have listed the cluster; in `demo` are the apps `shop` and `blog`.
fn cache() -> Cache {
    let cache = Cache::default();
    for (name, parts) in [("shop", ["web"]), ("blog", ["web"])] {
        cache.app_observed(&app("demo", name));
        cache.register(&app("demo", name), &groups(&parts));
    }
    list_cluster(&cache);
    cache
}

fn list_cluster(cache: &Cache) {
    for kind in NeighbourKind::ALL.into_iter().filter(|kind| !kind.is_optional()) {
        cache.around.neighbourhood(|all| all.relist(kind));
        cache.around.neighbourhood(|all| all.relisted(kind));
    }
}

fn policy(name: &str, version: u64, spec: &Value) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "demo", "uid": name, "resourceVersion": version.to_string(),
                      "creationTimestamp": "1970-01-01T00:01:00Z" },
        "spec": spec,
    })
}

/// Selects the pods of one part.
fn opens(workload: &str) -> Value {
    json!({ "podSelector": { "matchLabels": { "hardened.dev/workload": workload } }, "ingress": [{}] })
}

fn observe(cache: &Cache, kind: NeighbourKind, object: &Value) -> Vec<String> {
    names(cache.neighbour_observed(kind, &sent(object)))
}

fn delete(cache: &Cache, object: &Value) -> Vec<String> {
    names(cache.neighbour_deleted(POLICY, &sent(object)))
}

fn names(apps: Vec<AppKey>) -> Vec<String> {
    apps.into_iter().map(|(_, name)| name).collect()
}

fn policies(neighbours: &Neighbours) -> Vec<&str> {
    neighbours.policies.iter().map(|policy| policy.object.name.as_str()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn a_snapshot_is_sorted_and_the_same_until_something_changes() {
    let cache = cache();
    for name in ["b", "c", "a"] {
        observe(&cache, POLICY, &policy(name, 1, &opens("shop.web")));
    }
    let first = cache.neighbours("demo").unwrap();
    assert_eq!(policies(&first), ["a", "b", "c"]);
    assert_eq!((first.policies[0].created, first.policies[0].app.as_deref()), (60, None));
    let mut annotated = policy("a", 2, &opens("shop.web"));
    annotated["metadata"]["annotations"] = json!({ "a": "b" });
    assert_eq!(observe(&cache, POLICY, &annotated), NONE);
    assert!(Arc::ptr_eq(&first, &cache.neighbours("demo").unwrap()));
    assert_eq!(delete(&cache, &policy("b", 3, &json!({}))), ["shop"]);
    assert_eq!(policies(&cache.neighbours("demo").unwrap()), ["a", "c"]);
}

#[test]
fn a_change_wakes_the_apps_whose_pods_the_old_or_the_new_version_selects() {
    let cache = cache();
    assert_eq!(observe(&cache, POLICY, &policy("p", 1, &opens("other.web"))), NONE);
    assert_eq!(observe(&cache, POLICY, &policy("p", 2, &opens("shop.web"))), ["shop"]);
    assert_eq!(observe(&cache, POLICY, &policy("p", 3, &json!({ "podSelector": {} }))), ["blog", "shop"]);
    assert_eq!(observe(&cache, POLICY, &policy("p", 4, &opens("blog.web"))), ["blog", "shop"]);
    assert_eq!(observe(&cache, POLICY, &policy("p", 5, &opens("other.web"))), ["blog"]);
    let later = json!({ "podSelector": { "matchExpressions": [{ "key": "a", "operator": "Like" }] } });
    assert_eq!(observe(&cache, POLICY, &policy("p", 6, &later)), ["blog", "shop"], "what can't be read may select all");
    assert_eq!(cache.neighbours("demo").unwrap().unjudged[0].name, "p");
}

#[test]
fn services_and_routes_wake_the_apps_to_which_they_lead() {
    let cache = cache();
    let object = |name: &str, spec: Value| json!({ "metadata": { "name": name, "namespace": "demo", "uid": name, "resourceVersion": "1" }, "spec": spec });
    let service = object("s", json!({ "selector": { "app.kubernetes.io/part-of": "shop" } }));
    assert_eq!(observe(&cache, NeighbourKind::Service, &service), ["shop"]);
    let ingress = |name, service| object(name, json!({ "defaultBackend": { "service": { "name": service } } }));
    assert_eq!(observe(&cache, NeighbourKind::Ingress, &ingress("own", "blog-web")), ["blog"]);
    assert_eq!(observe(&cache, NeighbourKind::Ingress, &ingress("foreign", "s")), ["blog", "shop"]);
    let known = cache.neighbours("demo").unwrap();
    assert_eq!((known.services.len(), known.routes.len()), (1, 2));
}

#[test]
fn an_object_of_an_app_is_kept_only_if_others_may_be_meant() {
    let cache = cache();
    let of_app = |name: &str, spec: Value, uid: &str| {
        let mut policy = policy(name, 1, &spec);
        policy["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "hardened-app" });
        policy["metadata"]["ownerReferences"] = json!([{ "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "name": "shop", "uid": uid, "controller": true }]);
        policy
    };
    let uid = app("demo", "shop").uid;
    // The app's own, as declared.
    assert_eq!(observe(&cache, POLICY, &of_app("shop-old", opens("shop.old"), &uid)), NONE);
    assert_eq!(observe(&cache, POLICY, &of_app("shop-web", opens("shop.web"), &uid)), NONE);
    let selects = |fields: Value| {
        let mut spec = json!({ "selector": { "hardened.dev/workload": "shop.web" } });
        spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        of_app("shop-web", spec, &uid)
    };
    assert_eq!(observe(&cache, NeighbourKind::Service, &selects(json!({}))), NONE);
    let known = cache.neighbours("demo").unwrap();
    assert_eq!((policies(&known).len(), known.services.len()), (0, 0));
    // As another client changed it, which isn't always reverted.
    let changed = of_app("shop-web", json!({ "podSelector": {} }), &uid);
    assert_eq!(observe(&cache, POLICY, &changed), ["blog", "shop"]);
    assert_eq!(observe(&cache, NeighbourKind::Service, &selects(json!({ "type": "NodePort" }))), ["shop"]);
    let known = cache.neighbours("demo").unwrap();
    assert_eq!((policies(&known).as_slice(), known.services.len()), (["shop-web"].as_slice(), 1));
    observe(&cache, POLICY, &of_app("shop-web", opens("shop.web"), &uid));
    assert_eq!(policies(&cache.neighbours("demo").unwrap()), NONE);
    // For database pods.
    let pods = json!({ "podSelector": { "matchLabels": { "cluster": "pg" } } });
    observe(&cache, POLICY, &of_app("shop-pg", pods, &uid));
    // Forged.
    observe(&cache, POLICY, &of_app("x", opens("shop.web"), &uid));
    observe(&cache, POLICY, &of_app("shop-y", opens("shop.y"), "other"));
    let mut unlabelled = of_app("shop-z", opens("shop.z"), &uid);
    unlabelled["metadata"]["labels"] = Value::Null;
    observe(&cache, POLICY, &unlabelled);
    let known = cache.neighbours("demo").unwrap();
    let apps: Vec<_> =
        known.policies.iter().map(|policy| (policy.object.name.as_str(), policy.app.as_deref())).collect();
    assert_eq!(apps, [("shop-pg", Some("shop")), ("shop-y", None), ("shop-z", None), ("x", Some("shop"))]);
}

#[test]
fn of_namespaces_without_apps_nothing_is_kept_and_nothing_is_left_of_the_last_app() {
    let cache = cache();
    let mut elsewhere = policy("p", 1, &opens("shop.web"));
    elsewhere["metadata"]["namespace"] = json!("other");
    assert_eq!(observe(&cache, POLICY, &elsewhere), NONE);
    assert!(cache.neighbours("other").is_none());
    observe(&cache, POLICY, &policy("p", 1, &opens("shop.web")));
    cache.app_gone(&app("demo", "blog").uid);
    assert_eq!(policies(&cache.neighbours("demo").unwrap()), ["p"]);
    cache.only_apps(&[].into());
    assert!(cache.neighbours("demo").is_none());
    // A reconciliation that ends later keeps nothing.
    cache.register(&app("demo", "shop"), &groups(&["web"]));
    assert!(cache.neighbours("demo").is_none());
    cache.app_observed(&app("demo", "shop"));
    assert!(cache.neighbours("demo").is_none(), "it must be listed again");
}

#[test]
fn more_objects_than_are_kept_are_counted_up_and_down() {
    let cache = cache();
    let (kind, named) = (NeighbourKind::Service, |index: usize| policy(&format!("s{index:03}"), 1, &json!({})));
    let delete = |index| names(cache.neighbour_deleted(kind, &sent(&named(index))));
    let woken: Vec<_> = (0..203).map(|index| observe(&cache, kind, &named(index))).collect();
    let known = cache.neighbours("demo").unwrap();
    assert_eq!((known.services.len(), known.omitted), (200, 3));
    assert_eq!(woken.iter().filter(|apps| !apps.is_empty()).count(), 1, "the first that is left out wakes all");
    assert_eq!(delete(202), NONE);
    assert_eq!(cache.neighbours("demo").unwrap().omitted, 2);
    // Room for one more, which takes its place when it changes.
    delete(0);
    observe(&cache, kind, &named(201));
    let known = cache.neighbours("demo").unwrap();
    assert_eq!((known.services.len(), known.omitted), (200, 1));
    // Once there is much room, what was left out is listed.
    let woken: Vec<_> = (1..51).map(delete).collect();
    assert_eq!(woken.iter().filter(|apps| apps.len() == 2).count(), 1);
    assert!(cache.neighbours("demo").is_none());
}

#[test]
fn large_objects_take_their_room_and_too_large_ones_arent_read() {
    let cache = cache();
    let wide = |name: &str| {
        let peers: Vec<Value> =
            (0..200).map(|index| json!({ "ipBlock": { "cidr": format!("10.0.{index}.0/24") } })).collect();
        policy(name, 1, &json!({ "podSelector": {}, "ingress": [{ "from": peers }] }))
    };
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        observe(&cache, POLICY, &wide(name));
    }
    let known = cache.neighbours("demo").unwrap();
    assert!(known.omitted > 0 && !known.policies.is_empty(), "{} kept", known.policies.len());
    assert_eq!(known.omitted + known.policies.len(), 7);
    let size: usize = known.policies.iter().map(|policy| policy.object.size()).sum();
    assert!(size <= 64 * 1024, "{size}");

    let cache = self::cache();
    let mut large = policy("large", 1, &opens("shop.web"));
    large["metadata"]["annotations"] = json!({ "a": "x".repeat(crate::plan::LARGEST) });
    assert_eq!(observe(&cache, POLICY, &large), ["blog", "shop"]);
    let known = cache.neighbours("demo").unwrap();
    assert_eq!((known.unjudged[0].name.as_str(), known.omitted), ("large", 0));
    assert_eq!(observe(&cache, NeighbourKind::Service, &large), ["blog", "shop"]);
    assert_eq!(cache.neighbours("demo").unwrap().omitted, 1);
}

/// The lists of a namespace that has its first app.
fn begin(cache: &Cache, namespace: &str) -> Vec<Begun> {
    match cache.around.neighbourhood(|all| all.begin_lists(namespace)) {
        Missing::Lists(lists) => lists,
        other => panic!("{other:?}"),
    }
}

fn end(cache: &Cache, list: Begun, version: u64, policies: &[(&str, u64)]) {
    let mut listing = Listing::default();
    for (name, version) in policies.iter().filter(|_| list.kind == POLICY) {
        let record = Record::read(POLICY, &sent(&late(name, *version, "shop.web")));
        assert!(listing.take((*name).to_owned(), *version, record));
    }
    cache.around.neighbourhood(|all| all.listed("late", list, version, listing));
}

fn late(name: &str, version: u64, workload: &str) -> Value {
    let mut object = policy(name, version, &opens(workload));
    object["metadata"]["namespace"] = json!("late");
    object
}

#[test]
fn the_list_of_a_first_app_and_the_watch_are_merged_by_version() {
    let cache = cache();
    cache.app_observed(&app("late", "shop"));
    cache.register(&app("late", "shop"), &groups(&["web"]));
    assert!(cache.neighbours("late").is_none());
    let lists = begin(&cache, "late");
    assert_eq!(lists.iter().map(|list| list.kind).collect::<Vec<_>>(), &NeighbourKind::ALL[..3], "no optional API");
    // While the lists are under way, the watch reports what they contain and what they don't.
    observe(&cache, POLICY, &late("changed-after", 12, "shop.later"));
    observe(&cache, POLICY, &late("created-after", 13, "shop.web"));
    observe(&cache, POLICY, &late("changed-before", 5, "shop.earlier"));
    delete(&cache, &late("deleted-after", 14, ""));
    delete(&cache, &late("deleted-before", 6, ""));
    for list in lists {
        assert!(cache.neighbours("late").is_none(), "an app isn't judged on half of it");
        end(
            &cache,
            list,
            10,
            &[("changed-after", 9), ("changed-before", 8), ("deleted-after", 7), ("deleted-before", 9)],
        );
    }
    let known = cache.neighbours("late").unwrap();
    let selected: Vec<_> =
        known.policies.iter().map(|policy| (policy.object.name.as_str(), &policy.object.pods.labels[0].1)).collect();
    let web = "shop.web".to_owned();
    assert_eq!(
        selected,
        [
            ("changed-after", &"shop.later".to_owned()),
            ("changed-before", &web),
            ("created-after", &web),
            ("deleted-before", &web)
        ]
    );
    // A watch that lags behind repeats what the list contains.
    assert_eq!(observe(&cache, POLICY, &late("changed-before", 6, "shop.earlier")), NONE);
    assert_eq!(delete(&cache, &late("deleted-before", 10, "")), NONE);
    assert!(Arc::ptr_eq(&known, &cache.neighbours("late").unwrap()));
    assert_eq!(delete(&cache, &late("deleted-before", 15, "")), ["shop"]);
}

#[test]
fn a_watch_that_lists_the_cluster_again_replaces_what_is_kept_and_outdates_lists() {
    let cache = cache();
    observe(&cache, POLICY, &policy("gone", 1, &opens("shop.web")));
    observe(&cache, POLICY, &policy("stays", 1, &opens("shop.web")));
    cache.app_observed(&app("late", "shop"));
    let lists = begin(&cache, "late");
    cache.around.neighbourhood(|all| all.relist(POLICY));
    observe(&cache, POLICY, &policy("stays", 1, &opens("shop.web")));
    for list in lists {
        end(&cache, list, 10, &[("old", 9)]);
    }
    assert!(cache.neighbours("late").is_none(), "the list began before that of the watch");
    assert_eq!(policies(&cache.neighbours("demo").unwrap()), ["gone", "stays"]);
    // The namespace of an app that comes now may be listed already.
    cache.app_observed(&app("later", "shop"));
    assert_eq!(names(cache.around.neighbourhood(|all| all.relisted(POLICY))), ["shop"]);
    assert_eq!(policies(&cache.neighbours("demo").unwrap()), ["stays"]);
    assert_eq!(policies(&cache.neighbours("late").unwrap()), NONE);
    assert_eq!(begin(&cache, "later").len(), 3);
}

#[test]
fn an_optional_kind_counts_from_its_first_list_until_it_vanishes() {
    let (cache, routes) = (cache(), NeighbourKind::HttpRoute);
    let route = json!({
        "metadata": { "name": "r", "namespace": "demo", "uid": "r", "resourceVersion": "3" },
        "spec": { "rules": [{ "backendRefs": [{ "name": "shop-web" }] }] },
    });
    assert!(cache.neighbours("demo").is_some());
    cache.around.neighbourhood(|all| all.relist(routes));
    assert!(cache.neighbours("demo").is_none());
    assert_eq!(cache.around.neighbourhood(|all| all.begin_lists("demo")), Missing::FirstList(routes));
    assert_eq!(observe(&cache, routes, &route), ["shop"]);
    cache.around.neighbourhood(|all| all.relisted(routes));
    assert_eq!(cache.neighbours("demo").unwrap().routes.len(), 1);
    assert_eq!(names(cache.around.neighbourhood(|all| all.vanished(routes))), ["shop"]);
    assert_eq!(cache.neighbours("demo").unwrap().routes.len(), 0);
}

#[test]
fn a_child_that_loses_its_label_is_gone_from_the_children() {
    let cache = Cache::default();
    for kind in KINDS.iter().filter(|kind| NeighbourKind::of(kind).is_some()) {
        let declared = declared(kind.name);
        let mut object = super::stored(&declared, "1", 5);
        let id = crate::fixtures::id();
        child(kind, &cache, &Event::Apply(sent(&object)));
        assert!(matches!(cache.live(&id, &declared), Live::Object { .. }));
        object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("another");
        object["metadata"]["resourceVersion"] = json!("6");
        assert_eq!(names(child(kind, &cache, &Event::Apply(sent(&object)))), ["shop"]);
        assert_eq!(cache.live(&id, &declared), Live::Absent);
        // Nor does a list contain it.
        object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("hardened-app");
        child(kind, &cache, &Event::Apply(sent(&object)));
        child(kind, &cache, &Event::Init);
        object["metadata"]["labels"] = Value::Null;
        child(kind, &cache, &Event::InitApply(sent(&object)));
        assert_eq!(names(child(kind, &cache, &Event::InitDone)), ["shop"]);
        assert_eq!(cache.live(&id, &declared), Live::Absent);
    }
    assert!(NeighbourKind::of(kind("Deployment")).is_none());
}

fn pod(name: &str, version: u64, pairs: &[(&str, &str)]) -> Value {
    json!({
        "metadata": { "name": name, "namespace": "demo", "resourceVersion": version.to_string(), "labels": labels(pairs) },
        "spec": { "containers": [{ "ports": [{ "containerPort": 5432 }] }] },
    })
}

fn observe_pod(cache: &Cache, pod: &Value) -> Vec<String> {
    names(cache.foreign_pod_observed(&sent(pod)))
}

#[tokio::test]
async fn pods_of_databases_are_kept_where_one_names_them() {
    let (cache, pg) = (cache(), labels(&[("cluster", "pg")]));
    let with = |databases: Vec<BTreeMap<String, String>>| PodGroups { databases, ..groups(&["web"]) };
    assert!(!cache.around.database_pods(|pods| pods.are_wanted()));
    cache.register(&app("demo", "shop"), &with(vec![pg.clone()]));
    cache.database_pods_wanted().await;
    assert_eq!(cache.foreign_pods("demo", &pg), None, "not listed yet");
    cache.around.database_pods(ForeignPods::relist);
    observe_pod(&cache, &pod("pg-1", 1, &[("cluster", "pg"), ("role", "primary")]));
    observe_pod(&cache, &pod("other", 1, &[("cluster", "my")]));
    assert_eq!(names(cache.around.database_pods(ForeignPods::relisted)), ["shop"], "known only now");
    assert_eq!(cache.foreign_pods("demo", &pg).unwrap()[0].ports, [5432]);
    assert_eq!(observe_pod(&cache, &pod("pg-1", 2, &[("cluster", "pg"), ("role", "primary")])), NONE);
    assert_eq!(observe_pod(&cache, &pod("pg-2", 3, &[("cluster", "pg")])), ["shop"]);
    assert_eq!(names(cache.foreign_pod_deleted(&sent(&pod("pg-2", 4, &[])))), ["shop"]);
    // A further selector: those of its pods weren't kept, so the namespace is listed.
    let my = labels(&[("cluster", "my")]);
    cache.register(&app("demo", "blog"), &with(vec![my.clone()]));
    assert_eq!(cache.foreign_pods("demo", &my), None);
    let begun = cache.around.database_pods(|pods| pods.begin_list("demo")).unwrap();
    names(cache.foreign_pod_deleted(&sent(&pod("my-gone", 12, &[]))));
    let found = ["pg-1", "my-1", "my-gone"].map(|name| {
        let object = sent(&pod(name, 9, &[("cluster", name.split('-').next().unwrap())]));
        (name.to_owned(), 9, crate::cluster::cache::read_pod(&object))
    });
    cache.around.database_pods(|pods| pods.listed("demo", begun, 10, found.into()));
    assert_eq!(cache.foreign_pods("demo", &my).map(|pods| pods.len()), Some(1));
    assert_eq!(cache.foreign_pods("demo", &pg).map(|pods| pods.len()), Some(1));
    assert_eq!(cache.around.database_pods(|pods| pods.begin_list("demo")), None);
    // With its last database a namespace is forgotten.
    cache.register(&app("demo", "shop"), &groups(&["web"]));
    cache.app_gone(&app("demo", "blog").uid);
    assert_eq!(cache.foreign_pods("demo", &my), None);
}

#[test]
fn where_a_database_has_more_pods_than_are_kept_none_is_reported() {
    let (cache, pg) = (cache(), labels(&[("cluster", "pg")]));
    cache.register(&app("demo", "shop"), &PodGroups { databases: vec![pg.clone()], ..groups(&["web"]) });
    cache.around.database_pods(ForeignPods::relist);
    cache.around.database_pods(ForeignPods::relisted);
    let named = |index: usize| pod(&format!("pg-{index}"), 1, &[("cluster", "pg")]);
    for index in 0..500 {
        observe_pod(&cache, &named(index));
    }
    assert_eq!(cache.foreign_pods("demo", &pg).map(|pods| pods.len()), Some(500));
    assert_eq!(observe_pod(&cache, &named(500)), ["shop"]);
    assert_eq!(cache.foreign_pods("demo", &pg), None);
    for index in 0..100 {
        cache.foreign_pod_deleted(&sent(&named(index)));
    }
    assert!(cache.around.database_pods(|pods| pods.begin_list("demo")).is_some(), "there is room again");
}

#[test]
fn where_the_pods_of_many_are_no_longer_wanted_the_others_are_listed() {
    let (cache, pg, my) = (cache(), labels(&[("cluster", "pg")]), labels(&[("cluster", "my")]));
    let with = |databases: Vec<BTreeMap<String, String>>| PodGroups { databases, ..groups(&["web"]) };
    cache.register(&app("demo", "shop"), &with(vec![pg.clone()]));
    cache.register(&app("demo", "blog"), &with(vec![my.clone()]));
    cache.around.database_pods(ForeignPods::relist);
    cache.around.database_pods(ForeignPods::relisted);
    for index in 0..501 {
        observe_pod(&cache, &pod(&format!("pg-{index}"), 1, &[("cluster", "pg")]));
    }
    assert_eq!(cache.foreign_pods("demo", &my), None);
    cache.register(&app("demo", "shop"), &groups(&["web"]));
    assert!(cache.around.database_pods(|pods| pods.begin_list("demo")).is_some());
}

#[test]
fn what_a_list_under_way_has_left_out_is_listed_again() {
    let cache = cache();
    let service = |index: usize| policy(&format!("s{index:03}"), 1, &json!({}));
    let delete = |index| cache.neighbour_deleted(NeighbourKind::Service, &sent(&service(index)));
    for index in 0..401 {
        observe(&cache, NeighbourKind::Service, &service(index));
    }
    cache.around.neighbourhood(|all| all.relist(POLICY));
    observe(&cache, POLICY, &policy("beyond", 1, &opens("shop.web")));
    for index in 0..100 {
        delete(index);
    }
    assert!(cache.neighbours("demo").is_none(), "there is room again");
    cache.around.neighbourhood(|all| all.relisted(POLICY));
    let kinds: Vec<_> = begin(&cache, "demo").iter().map(|list| list.kind).collect();
    assert!(kinds.contains(&POLICY), "its list had no room for one: {kinds:?}");
}

#[test]
fn of_a_crowded_namespace_a_list_holds_no_more_than_is_kept() {
    let peers: Vec<Value> =
        (0..200).map(|index| json!({ "ipBlock": { "cidr": format!("10.0.{index}.0/24") } })).collect();
    let wide = |index: usize| {
        let spec = json!({ "podSelector": {}, "ingress": [{ "from": peers }] });
        Record::read(POLICY, &sent(&policy(&format!("p{index:03}"), 1, &spec)))
    };
    // A few have room, 200 are counted, and the last one stands for all further ones.
    for (there, taken) in [(60, 60), (1000, 204)] {
        let cache = Cache::default();
        list_cluster(&cache);
        cache.app_observed(&app("demo", "shop"));
        let mut listing = Listing::default();
        let all = (0..there).all(|index| listing.take(format!("p{index:03}"), 1, wide(index)));
        assert_eq!(all, there == taken);
        assert!(listing.bytes() <= 64 * 1024 + 256 * taken, "{}", listing.bytes());
        for list in begin(&cache, "demo") {
            let listing = if list.kind == POLICY { std::mem::take(&mut listing) } else { Listing::default() };
            cache.around.neighbourhood(|all| all.listed("demo", list, 5, listing));
        }
        let known = cache.neighbours("demo").unwrap();
        assert_eq!(known.policies.len() + known.omitted, taken);
        assert!(!known.policies.is_empty());
    }
}
