//! Who else reaches databases and pods, and which connections of earlier releases stay open.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use crate::{
    api::{Check, FindingItem},
    app::{Edge, End, PartName, Peer, PortNumber, Ports},
    desired::{Progress, Rollout},
    fixtures::{id, kind, shop, shop_with_database, target},
    plan::{
        AWAITED, Again, Applied, ChildOutcome, ChildState, ForeignPod, Isolation, Neighbour, Neighbours, Outcome,
        PartProgress, PodClaim, PodState, Route, Surroundings, bypass, holders, isolation, next, still_needed,
    },
    reach::{Policy, Service},
    release::Target,
};

/// The shop with a database of pods that others run.
fn shop_with_pods() -> Value {
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
fn guard(state: ChildState) -> ChildOutcome {
    ChildOutcome {
        kind: kind("NetworkPolicy"),
        name: "shop-db".to_owned(),
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
        next(&Outcome::Applied(Box::new(Applied {
            target,
            findings: Vec::new(),
            children: Vec::new(),
            progress: BTreeMap::new(),
            judged: Again::Done,
            databases,
            bypass: Vec::new(),
            refused: None,
        })))
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

#[test]
fn the_first_app_that_names_pods_keeps_them() {
    let wanted = vec![PodClaim {
        app: "shop".to_owned(),
        uid: "app-uid".to_owned(),
        database: PartName::new("db"),
        labels: labels("cluster", "shop"),
    }];
    let of = |app: &str, key: &str, value: &str| {
        policy(
            &format!("{app}-db"),
            Some(app),
            &json!({ "podSelector": { "matchLabels": { key: value } }, "ingress": [] }),
        )
    };
    let held = |policies, granted: &[PodClaim], pods: Vec<ForeignPod>| {
        let neighbours = Neighbours { policies, ..Neighbours::default() };
        let pods = BTreeMap::from([(PartName::new("db"), Some(pods))]);
        holders(&id(), &wanted, granted, &neighbours, &pods).into_values().next()
    };
    assert_eq!(held(Vec::new(), &[], Vec::new()), None);
    assert_eq!(held(vec![of("reports", "cluster", "shop")], &[], Vec::new()).as_deref(), Some("reports"));
    assert_eq!(held(vec![of("reports", "cluster", "other")], &[], Vec::new()), None);
    let both = pod(&[("cluster", "shop"), ("role", "primary")], &[]);
    assert_eq!(held(vec![of("reports", "role", "primary")], &[], vec![both]).as_deref(), Some("reports"));
    let own = of("shop", "cluster", "shop");
    assert_eq!(held(vec![of("reports", "cluster", "shop"), own], &[], Vec::new()), None, "what has a policy keeps it");
    let granted = PodClaim { app: "reports".to_owned(), ..wanted[0].clone() };
    assert_eq!(held(Vec::new(), &[granted], Vec::new()).as_deref(), Some("reports"));
}

#[test]
fn an_app_that_names_the_pods_of_another_needs_its_permission() {
    let holder = |client: &str| {
        policy(
            "orders-db",
            Some("orders"),
            &json!({
                "podSelector": { "matchLabels": { "cluster": "shop" } },
                "ingress": [{ "from": [{ "podSelector": { "matchLabels": { "hardened.dev/workload": client } } }], "ports": [{ "port": 5432 }] }],
            }),
        )
    };
    let judged_beside = |client: &str| {
        let neighbours = Neighbours { policies: vec![holder(client)], ..Neighbours::default() };
        let held = BTreeMap::from([(PartName::new("db"), "orders".to_owned())]);
        let pods = Some(vec![pod(&[("cluster", "shop")], &[5432])]);
        judged(shop_with_pods(), &Surroundings { held, ..surroundings(neighbours, pods) })
    };
    assert_eq!(judged_beside("shop.web"), Isolation::Isolated);
    let Isolation::Claimed(words) = judged_beside("shop.other") else { panic!() };
    assert!(words.contains("app orders, which doesn't let in web"), "{words}");
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
    let found = bypass(&target(shop()), &around);
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
    let with_database = bypass(&target(shop_with_database()), &around);
    assert!(with_database.iter().any(|item| item.message.contains("cilium.io")), "{with_database:?}");
}

#[test]
fn a_connection_stays_open_until_the_last_pod_of_an_earlier_release_is_gone() {
    let earlier = Edge {
        from: End::Pods(Peer { namespace: None, workload: "shop.web".to_owned() }),
        to: End::Database(labels("cluster", "shop")),
        ports: Ports::Of(vec![PortNumber { number: 5432, protocol: crate::api::Protocol::Tcp }]),
    };
    let of = |complete: bool, pods: usize, children: Vec<ChildOutcome>, part: &str| {
        let rollout = Rollout { desired: 2, ready: 2, current: true, complete, ..Rollout::default() };
        let progress = PartProgress {
            progress: Some(Progress::Rollout(rollout)),
            pods: vec![PodState::default(); pods],
            fewest: None,
        };
        let applied = Applied {
            target: Target { earlier: [earlier.clone()].into(), ..target(shop()) },
            findings: Vec::new(),
            children,
            progress: BTreeMap::from([(PartName::new(part), progress)]),
            judged: Again::Done,
            databases: Vec::new(),
            bypass: Vec::new(),
            refused: None,
        };
        !still_needed(&applied).is_empty()
    };
    assert!(of(false, 3, Vec::new(), "web"), "pods of both releases run");
    assert!(of(true, 3, Vec::new(), "web"), "one is ending");
    assert!(!of(true, 2, Vec::new(), "web"));
    let left = ChildOutcome { name: "shop-web".to_owned(), part: None, declared: false, ..guard(ChildState::InPlace) };
    assert!(of(true, 2, vec![left], "other"), "its component was removed, and its objects still exist");
    assert!(!of(true, 2, Vec::new(), "other"));
}

fn labels(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}
