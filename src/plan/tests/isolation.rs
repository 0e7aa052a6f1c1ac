//! Who else reaches databases and pods.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use crate::{
    api::{Check, FindingItem},
    app::{AppId, PartName},
    fixtures::{id, kind, shop, shop_with_database, target},
    plan::{
        AWAITED, Again, Applied, ChildOutcome, ChildState, DatabaseState, ForeignPod, Holder, Isolation, Neighbour,
        Neighbours, Outcome, PodClaim, Route, Surroundings, bypass, holders, isolation, next,
    },
    reach::{Policy, Service},
    release::Target,
};

/// The shop with a database of pods that others run.
pub(super) fn shop_with_pods() -> Value {
    let mut shop = shop();
    shop["components"][0]["connectsTo"] = json!(["db"]);
    shop["databases"] = json!([{
        "name": "db",
        "engine": "postgres",
        "pods": { "matchLabels": { "cluster": "shop" }, "managedBy": [{ "namespace": "operators" }] },
        "allowFrom": [{ "app": "reports", "component": "job" }],
    }]);
    shop
}

fn policy(name: &str, app: Option<&str>, spec: &Value) -> Arc<Neighbour<Policy>> {
    let object = json!({ "metadata": { "namespace": "demo", "name": name }, "spec": spec });
    let object = Policy::read(&object).unwrap();
    Arc::new(Neighbour { app: app.map(str::to_owned), created: 1, object })
}

fn service(name: &str, spec: &Value) -> Arc<Service> {
    Arc::new(Service::read(&json!({ "metadata": { "namespace": "demo", "name": name }, "spec": spec })))
}

fn pod(labels: &[(&str, &str)], ports: &[u16]) -> ForeignPod {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    ForeignPod { labels, ports: ports.to_vec(), named: Vec::new() }
}

fn surroundings(neighbours: Neighbours, pods: Option<Vec<ForeignPod>>) -> Surroundings {
    let pods = BTreeMap::from([(PartName::new("db"), pods)]);
    Surroundings { neighbours: Arc::new(neighbours), pods, ..Surroundings::default() }
}

/// The outcome for the policy of the database.
pub(super) fn guard(state: ChildState) -> ChildOutcome {
    ChildOutcome {
        kind: kind("NetworkPolicy"),
        name: "shop-db.pods".to_owned(),
        part: Some(PartName::new("db")),
        hash: String::new(),
        declared: true,
        state,
        reverted: Vec::new(),
        open: Vec::new(),
        findings: Vec::new(),
    }
}

fn judged(spec: Value, surroundings: &Surroundings) -> Isolation {
    let states = isolation(&target(spec), Some(surroundings), &[guard(ChildState::InPlace)], &BTreeMap::new());
    states.into_iter().next().unwrap().isolation
}

/// The shop's database pods beside these policies and Services.
fn beside(policies: Vec<Arc<Neighbour<Policy>>>, services: Vec<Arc<Service>>) -> Isolation {
    let neighbours = Neighbours { policies, services, ..Neighbours::default() };
    let pods = vec![pod(&[("cluster", "shop"), ("role", "primary")], &[5432, 8000])];
    judged(shop_with_pods(), &surroundings(neighbours, Some(pods)))
}

#[test]
fn a_policy_that_lets_in_others_opens_a_database_and_is_named() {
    let everyone = json!({ "podSelector": {}, "ingress": [{}] });
    let Isolation::Opened(words) = beside(vec![policy("allow-all", None, &everyone)], Vec::new()) else { panic!() };
    assert!(words.contains("NetworkPolicy allow-all lets in everyone"), "{words}");
    let pods = json!({ "podSelector": { "matchLabels": { "role": "primary" } }, "ingress": [{ "from": [{ "podSelector": {} }] }] });
    assert!(matches!(beside(vec![policy("peers", None, &pods)], Vec::new()), Isolation::Opened(_)));
}

#[test]
fn policies_that_let_in_only_clients_or_nobody_open_nothing() {
    let client = |labels: Value, port: u16| json!({ "podSelector": {}, "ingress": [{ "from": [{ "podSelector": { "matchLabels": labels } }], "ports": [{ "port": port }] }] });
    let manager = json!({ "podSelector": {}, "ingress": [{ "from": [{
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "operators" } },
    }] }] });
    for (name, spec) in [
        ("default-deny", json!({ "podSelector": {}, "policyTypes": ["Ingress", "Egress"] })),
        ("the client", client(json!({ "hardened.dev/workload": "shop.web" }), 5432)),
        ("the client of allowFrom", client(json!({ "hardened.dev/workload": "reports.job" }), 5432)),
        ("the pods themselves", client(json!({ "cluster": "shop" }), 5432)),
        ("another port", client(json!({}), 9187)),
        ("what runs it", manager),
        ("other pods", json!({ "podSelector": { "matchLabels": { "cluster": "other" } }, "ingress": [{}] })),
        ("only egress", json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}] })),
    ] {
        assert_eq!(beside(vec![policy("it", None, &spec)], Vec::new()), Isolation::Isolated, "{name}");
    }
}

#[test]
fn a_service_to_the_outside_opens_a_database_and_one_inside_the_cluster_does_not() {
    let leads = |fields: Value| {
        let mut spec = json!({ "selector": { "cluster": "shop" }, "ports": [{ "port": 5432, "nodePort": 30432 }] });
        spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        beside(Vec::new(), vec![service("shop-rw", &spec)])
    };
    assert_eq!(leads(json!({ "type": "ClusterIP" })), Isolation::Isolated);
    for fields in
        [json!({ "type": "NodePort" }), json!({ "type": "LoadBalancer" }), json!({ "externalIPs": ["192.0.2.1"] })]
    {
        let Isolation::Opened(words) = leads(fields.clone()) else { panic!("{fields}") };
        assert!(words.starts_with("Service shop-rw leads to it from outside the cluster"), "{words}");
    }
}

#[test]
fn what_cannot_be_judged_is_not_taken_for_isolated() {
    let unjudged = json!({ "metadata": { "namespace": "demo", "name": "new" }, "spec": { "podSelector": {}, "ingress": [{ "news": 1 }] } });
    let unjudged = vec![Arc::new(Policy::read(&unjudged).unwrap_err())];
    let pods = || Some(vec![pod(&[("cluster", "shop")], &[])]);
    for neighbours in
        [Neighbours { unjudged, ..Neighbours::default() }, Neighbours { omitted: 3, ..Neighbours::default() }]
    {
        let found = judged(shop_with_pods(), &surroundings(neighbours, pods()));
        assert!(matches!(found, Isolation::Opened(_)), "{found:?}");
    }
    assert!(matches!(judged(shop_with_pods(), &surroundings(Neighbours::default(), None)), Isolation::Unknown(_)));
    let not_yet = isolation(
        &target(shop_with_pods()),
        Some(&surroundings(Neighbours::default(), pods())),
        &[guard(ChildState::Held)],
        &BTreeMap::new(),
    );
    assert_eq!(not_yet[0].isolation, Isolation::Opened("its own NetworkPolicy isn't in place".to_owned()));
}

#[test]
fn pods_that_are_missing_or_listen_elsewhere_are_reported() {
    let with = |pods| judged(shop_with_pods(), &surroundings(Neighbours::default(), Some(pods)));
    assert!(matches!(with(Vec::new()), Isolation::NoPods(_)));
    assert!(matches!(with(vec![pod(&[("cluster", "shop")], &[3306])]), Isolation::PortMismatch(_)));
    // One that declares another port hides no opening, and is none itself where another pod declares the right one.
    let both = vec![pod(&[("cluster", "shop")], &[3306]), pod(&[("cluster", "shop")], &[5432])];
    assert_eq!(with(both), Isolation::Isolated);
    let everyone = json!({ "podSelector": {}, "ingress": [{}] });
    let open = Neighbours { policies: vec![policy("allow-all", None, &everyone)], ..Neighbours::default() };
    let wrong = Some(vec![pod(&[("cluster", "shop")], &[3306])]);
    assert!(matches!(judged(shop_with_pods(), &surroundings(open, wrong)), Isolation::Opened(_)));
    // Pods needn't declare their ports.
    assert_eq!(with(vec![pod(&[("cluster", "shop")], &[])]), Isolation::Isolated);
}

#[test]
fn what_is_not_known_yet_is_looked_at_again() {
    let after = |pods| {
        let target = target(shop_with_pods());
        let around = surroundings(Neighbours::default(), pods);
        let databases = isolation(&target, Some(&around), &[guard(ChildState::InPlace)], &BTreeMap::new());
        next(&Outcome::Applied(Box::new(applied(target, databases))))
    };
    assert_eq!(after(None), Some(AWAITED));
    assert_eq!(after(Some(vec![pod(&[("cluster", "shop")], &[])])), None);
}

#[test]
fn a_managed_database_is_judged_by_the_labels_of_its_pod() {
    let with = |spec: &Value| {
        let neighbours = Neighbours { policies: vec![policy("it", None, spec)], ..Neighbours::default() };
        judged(shop_with_database(), &surroundings(neighbours, None))
    };
    // The last one is a label that only the controller knows.
    for label in ["app.kubernetes.io/component=db", "statefulset.kubernetes.io/pod-name=shop-db-0"] {
        let (key, value) = label.split_once('=').unwrap();
        let spec = json!({ "podSelector": { "matchLabels": { key: value } }, "ingress": [{}] });
        assert!(matches!(with(&spec), Isolation::Opened(_)), "{label}");
    }
    assert_eq!(
        with(&json!({ "podSelector": { "matchLabels": { "app": "x" } }, "ingress": [{}] })),
        Isolation::Isolated
    );
}

fn claim(app: &str, uid: &str, labels: BTreeMap<String, String>) -> PodClaim {
    let id = AppId { name: app.to_owned(), uid: uid.to_owned(), ..id() };
    PodClaim { id, database: PartName::new("db"), labels }
}

/// The policy of an app's database, as the operator makes it.
fn restricts(app: &str, key: &str, value: &str, rules: &Value) -> Arc<Neighbour<Policy>> {
    let no_app = json!([{ "key": "hardened.dev/workload", "operator": "DoesNotExist" }]);
    let pods = json!({ "matchLabels": { key: value }, "matchExpressions": no_app });
    let spec = json!({ "podSelector": pods, "policyTypes": ["Ingress"], "ingress": rules });
    policy(&format!("{app}-db.pods"), Some(app), &spec)
}

/// The app that keeps the pods of the shop's database, beside these policies and claims.
fn holder(
    policies: Vec<Arc<Neighbour<Policy>>>,
    granted: &[PodClaim],
    pods: Option<Vec<ForeignPod>>,
) -> Option<String> {
    let wanted = [claim("shop", &id().uid, labels("cluster", "shop"))];
    let neighbours = Neighbours { policies, ..Neighbours::default() };
    let pods = BTreeMap::from([(PartName::new("db"), pods)]);
    holders(&id(), &wanted, granted, &neighbours, &pods).into_values().next().map(|holder| holder.app)
}

#[test]
fn the_first_app_that_names_pods_keeps_them() {
    let of = |app: &str, key: &str, value: &str| restricts(app, key, value, &json!([]));
    let held = |policies, granted: &[PodClaim], pods| holder(policies, granted, Some(pods));
    assert_eq!(held(Vec::new(), &[], Vec::new()), None);
    assert_eq!(held(vec![of("reports", "cluster", "shop")], &[], Vec::new()).as_deref(), Some("reports"));
    assert_eq!(held(vec![of("reports", "cluster", "other")], &[], Vec::new()), None);
    let both = pod(&[("cluster", "shop"), ("role", "primary")], &[]);
    assert_eq!(held(vec![of("reports", "role", "primary")], &[], vec![both]).as_deref(), Some("reports"));
    let own = of("shop", "cluster", "shop");
    assert_eq!(held(vec![of("reports", "cluster", "shop"), own], &[], Vec::new()), None, "what has a policy keeps it");
    let granted = claim("reports", "2", labels("cluster", "shop"));
    assert_eq!(held(Vec::new(), &[granted], Vec::new()).as_deref(), Some("reports"));
    // Another policy of an app, even one that selects everything, is no claim.
    let changed = policy("reports-web", Some("reports"), &json!({ "podSelector": {} }));
    assert_eq!(held(vec![changed], &[], Vec::new()), None);
}

#[test]
fn while_its_pods_are_not_known_a_database_waits_for_those_that_may_name_the_same() {
    let of = |key: &str, value: &str| restricts("reports", key, value, &json!([]));
    assert_eq!(holder(Vec::new(), &[], None), None);
    assert_eq!(holder(vec![of("role", "primary")], &[], None).as_deref(), Some("reports"));
    assert_eq!(holder(vec![of("cluster", "other")], &[], None), None, "no pod has two values of a label");
    let granted = |key: &str, value: &str| claim("reports", "2", labels(key, value));
    assert_eq!(holder(Vec::new(), &[granted("role", "primary")], None).as_deref(), Some("reports"));
    assert_eq!(holder(Vec::new(), &[granted("cluster", "other")], None), None);
    let own = restricts("shop", "cluster", "shop", &json!([]));
    assert_eq!(holder(vec![of("role", "primary"), own], &[], None), None, "what has a policy keeps it");
}

/// What surrounds the shop, if the app `orders` has its pods and lets in these.
fn held_by_orders(clients: &[&str]) -> (Vec<Arc<Neighbour<Policy>>>, BTreeMap<PartName, Holder>) {
    let client = |client: &&str| json!({ "podSelector": { "matchLabels": { "hardened.dev/workload": client } } });
    let clients: Vec<Value> = clients.iter().map(client).collect();
    let rules = json!([{ "from": clients, "ports": [{ "port": 5432 }] }]);
    let holder = Holder { app: "orders".to_owned(), policy: "orders-db.pods".to_owned() };
    (vec![restricts("orders", "cluster", "shop", &rules)], BTreeMap::from([(PartName::new("db"), holder)]))
}

fn borrowed(clients: &[&str], further: Neighbours) -> Isolation {
    let (policies, held) = held_by_orders(clients);
    let neighbours = Neighbours { policies: [policies, further.policies].concat(), ..further };
    let pods = Some(vec![pod(&[("cluster", "shop")], &[5432])]);
    judged(shop_with_pods(), &Surroundings { held, ..surroundings(neighbours, pods) })
}

#[test]
fn an_app_that_names_the_pods_of_another_needs_its_permission() {
    let all = ["shop.web", "reports.job", "orders.web"];
    assert_eq!(borrowed(&all, Neighbours::default()), Isolation::Isolated);
    let Isolation::Claimed(words) = borrowed(&["shop.other"], Neighbours::default()) else { panic!() };
    assert!(words.contains("app orders, which doesn't let in reports/job, web on port 5432:"), "{words}");
    let Isolation::Claimed(words) = borrowed(&all[..1], Neighbours::default()) else { panic!() };
    assert!(
        words.contains("doesn't let in reports/job on port 5432:"),
        "a client that is only under allowFrom: {words}"
    );
}

#[test]
fn a_wrong_port_is_named_before_who_is_not_let_in() {
    let (policies, held) = held_by_orders(&["shop.web"]);
    let neighbours = Neighbours { policies, ..Neighbours::default() };
    let pods = Some(vec![pod(&[("cluster", "shop")], &[6432])]);
    let found = judged(shop_with_pods(), &Surroundings { held, ..surroundings(neighbours, pods) });
    assert_eq!(found, Isolation::PortMismatch("its pods listen on 6432 and not on 5432".to_owned()));
}

#[test]
fn what_has_no_effect_on_the_pods_of_another_app_is_a_finding() {
    let found = |spec: Value, held| {
        let around = Surroundings { held, ..surroundings(Neighbours::default(), None) };
        let found = bypass(&target(spec), &around, &[]);
        found.into_iter().map(|finding| (finding.component, finding.check, finding.message)).collect::<Vec<_>>()
    };
    let held = || held_by_orders(&[]).1;
    let mut spec = shop_with_pods();
    assert_eq!(found(spec.clone(), BTreeMap::new()), []);
    spec["databases"][0]["pods"]["managedBy"] = json!([{ "namespace": "cnpg-system" }]);
    let words =
        "its pods belong to a database of app orders: declare allowFrom and managedBy there, here it has no effect";
    let expected = ("db".to_owned(), Check::DatabaseShared.as_str().to_owned(), words.to_owned());
    assert_eq!(found(spec.clone(), held()), [expected]);
    spec["databases"][0]["pods"]["managedBy"] = json!([]);
    spec["databases"][0]["allowFrom"] = json!([]);
    assert_eq!(found(spec, held()), []);
}

#[test]
fn the_pods_of_another_app_are_judged_as_its_own() {
    let everyone = json!({ "podSelector": {}, "ingress": [{}] });
    let unjudged = json!({ "metadata": { "namespace": "demo", "name": "new" }, "spec": { "podSelector": {}, "ingress": [{ "news": 1 }] } });
    let node_port = json!({ "type": "NodePort", "selector": { "cluster": "shop" }, "ports": [{ "port": 5432 }] });
    let none = Neighbours::default;
    for (further, by) in [
        (Neighbours { policies: vec![policy("it", None, &everyone)], ..none() }, "NetworkPolicy it lets in everyone"),
        (Neighbours { policies: vec![policy("it", Some("orders"), &everyone)], ..none() }, "NetworkPolicy it lets in"),
        (
            Neighbours { unjudged: vec![Arc::new(Policy::read(&unjudged).unwrap_err())], ..none() },
            "NetworkPolicy new can't be judged",
        ),
        (Neighbours { services: vec![service("it", &node_port)], ..none() }, "Service it leads to it from outside"),
        (Neighbours { omitted: 3, ..none() }, "3 objects of the namespace aren't judged"),
    ] {
        for clients in [["shop.web", "reports.job"], ["orders.web", "orders.job"]] {
            let found = borrowed(&clients, further.clone());
            assert!(matches!(&found, Isolation::Opened(words) if words.starts_with(by)), "{by}: {found:?}");
        }
    }
}

#[test]
fn a_database_whose_pods_another_app_has_is_looked_at_again() {
    let after = |clients: &[&str]| {
        let (policies, held) = held_by_orders(clients);
        let names = held.keys().cloned().collect();
        let pods = Some(vec![pod(&[("cluster", "shop")], &[5432])]);
        let neighbours = Neighbours { policies, ..Neighbours::default() };
        let around = Surroundings { held, ..surroundings(neighbours, pods) };
        let target = Target { held: names, ..target(shop_with_pods()) };
        let databases = isolation(&target, Some(&around), &[], &BTreeMap::new());
        next(&Outcome::Applied(Box::new(applied(target, databases))))
    };
    assert_eq!(after(&["orders.web"]), Some(AWAITED), "the holder may go");
    assert_eq!(after(&["shop.web", "reports.job"]), None);
}

/// An outcome without children.
pub(super) fn applied(target: Target, databases: Vec<DatabaseState>) -> Applied {
    Applied {
        target,
        findings: Vec::new(),
        children: Vec::new(),
        progress: BTreeMap::new(),
        judged: Again::Done,
        databases,
        exposures: Vec::new(),
        bypass: Vec::new(),
        releases: crate::fixtures::no_releases(),
        refused: None,
    }
}

#[test]
fn an_own_object_counts_until_it_is_as_declared() {
    let of_web = |kind_name: &str, state| ChildOutcome {
        kind: kind(kind_name),
        name: "shop-web".to_owned(),
        part: Some(PartName::new("web")),
        ..guard(state)
    };
    let everyone = json!({ "podSelector": {}, "ingress": [{}] });
    let node_port = json!({ "type": "NodePort", "selector": { "cluster": "shop" }, "ports": [{ "port": 5432 }] });
    let opened = |kind_name: &str, neighbours: Neighbours, state: ChildState| {
        let children = [guard(ChildState::InPlace), of_web(kind_name, state)];
        let around = surroundings(neighbours, Some(vec![pod(&[("cluster", "shop")], &[5432])]));
        let target = target(shop_with_pods());
        let states = isolation(&target, Some(&around), &children, &BTreeMap::new());
        (states[0].isolation.clone(), bypass(&target, &around, &children).len())
    };
    let policies = vec![policy("shop-web", Some("shop"), &everyone)];
    let services = vec![service("shop-web", &node_port)];
    for (kind_name, neighbours, findings) in [
        ("NetworkPolicy", Neighbours { policies, ..Neighbours::default() }, 1),
        ("Service", Neighbours { services, ..Neighbours::default() }, 0),
    ] {
        for state in [ChildState::Observed, ChildState::Held, ChildState::Contested(AWAITED)] {
            let (isolation, found) = opened(kind_name, neighbours.clone(), state);
            assert!(matches!(isolation, Isolation::Opened(_)), "{kind_name}: {isolation:?}");
            assert_eq!(found, findings, "{kind_name}");
        }
        assert_eq!(opened(kind_name, neighbours, ChildState::InPlace), (Isolation::Isolated, 0), "reverted by now");
    }
}

#[test]
fn a_containers_undeclared_port_may_be_that_of_the_database() {
    let with = |pods| judged(shop_with_pods(), &surroundings(Neighbours::default(), Some(pods)));
    let (other, none) = (|| pod(&[("cluster", "shop")], &[9187]), || pod(&[("cluster", "shop")], &[]));
    assert!(matches!(with(vec![other(), other()]), Isolation::PortMismatch(_)));
    assert_eq!(with(vec![other(), none()]), Isolation::Isolated);
}

#[test]
fn many_objects_hide_no_other_finding_and_what_is_left_out_is_said() {
    let open = |index: usize| policy(&format!("p{index:03}"), None, &json!({ "podSelector": {}, "ingress": [{}] }));
    let neighbours = Neighbours { policies: (0..120).map(open).collect(), omitted: 7, ..Neighbours::default() };
    let found = bypass(&target(shop()), &surroundings(neighbours, None), &[]);
    assert_eq!(found.len(), 7);
    assert_eq!(found[5].message, "and 115 more objects of others lead to its pods");
    assert!(found[6].message.starts_with("7 objects of the namespace aren't judged") && found[6].component.is_empty());
}

#[test]
fn what_leads_to_the_pods_is_found_by_name() {
    let mut neighbours = Neighbours {
        policies: vec![
            policy("deny", None, &json!({ "podSelector": {} })),
            policy(
                "open",
                None,
                &json!({ "podSelector": { "matchLabels": { "pod-template-hash": "x" } }, "ingress": [{}] }),
            ),
            policy("other", None, &json!({ "podSelector": { "matchLabels": { "app": "x" } }, "ingress": [{}] })),
        ],
        services: vec![service("second", &json!({ "selector": { "hardened.dev/workload": "shop.web" }, "ports": [] }))],
        ..Neighbours::default()
    };
    let route = |services: &[&str]| {
        Arc::new(Route {
            kind: "Ingress",
            name: format!("to-{}", services[0]),
            hosts: vec!["shop.example.com".to_owned()],
            services: services.iter().map(|name| (*name).to_owned()).collect(),
        })
    };
    neighbours.routes = vec![route(&["shop-web"]), route(&["second"]), route(&["else"])];
    let mut around = surroundings(neighbours, None);
    around.other_apis = vec!["cilium.io".to_owned()];
    let found = bypass(&target(shop()), &around, &[]);
    let lines: Vec<&str> = found.iter().map(|item: &FindingItem| item.message.as_str()).collect();
    assert_eq!(
        lines,
        [
            "NetworkPolicy open selects its pods, too: it lets in everyone on all ports",
            "Service second leads to its pods, too",
            "Ingress to-shop-web leads to its pods by Service shop-web, for shop.example.com",
            "Ingress to-second leads to its pods by Service second, for shop.example.com",
        ]
    );
    assert!(found.iter().all(|item| item.component == "web" && item.check == Check::Bypass.as_str()));
    let with_database = bypass(&target(shop_with_database()), &around, &[]);
    assert!(with_database.iter().any(|item| item.message.contains("cilium.io")), "{with_database:?}");
}

pub(super) fn labels(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}
