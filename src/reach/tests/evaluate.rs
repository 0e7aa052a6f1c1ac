//! Verdicts about connections. The tests against another implementation are in `e2e/tests/reach`.

use serde_json::{Value, json};

use super::{labels, policy};
use crate::reach::{Endpoint, Matrix, NamedPort, Pod, Policy, Side, Transport};

fn pod(namespace: &str, text: &str, addresses: &[&str]) -> Endpoint {
    let pod = Pod {
        namespace: namespace.into(),
        namespace_labels: labels(&format!("kubernetes.io/metadata.name={namespace} team={namespace}")),
        labels: labels(text),
        ports: Vec::new(),
    };
    Endpoint { pod: Some(pod), ..outside(addresses) }
}

fn outside(addresses: &[&str]) -> Endpoint {
    Endpoint { pod: None, addresses: addresses.iter().map(|address| address.parse().unwrap()).collect() }
}

fn names(side: &Side<'_>) -> Vec<String> {
    side.deciding().iter().map(|policy| policy.name.clone()).collect()
}

fn is_allowed(policies: &[Policy], from: &Endpoint, to: &Endpoint, port: u16) -> bool {
    let ends = [from.clone(), to.clone()];
    Matrix::new(policies, &ends).judge(0, 1, port, Transport::Tcp).unwrap().is_allowed()
}

fn selecting(app: &str, mut spec: Value) -> Value {
    spec["podSelector"] = json!({ "matchLabels": { "app": app } });
    spec
}

#[test]
fn both_sides_must_allow_a_connection() {
    let (web, db) = (pod("demo", "app=web", &[]), pod("demo", "app=db", &[]));
    let to_db = json!({ "egress": [{ "to": [{ "podSelector": { "matchLabels": { "app": "db" } } }] }] });
    let from_web = json!({ "ingress": [{ "from": [{ "podSelector": { "matchLabels": { "app": "web" } } }] }] });
    let closed = policy("closed", &json!({ "policyTypes": ["Ingress", "Egress"] }));
    let out = policy("out", &selecting("web", to_db));
    let into = policy("in", &selecting("db", from_web));
    assert!(is_allowed(&[], &web, &db, 80));
    assert!(!is_allowed(std::slice::from_ref(&closed), &web, &db, 80));
    assert!(!is_allowed(&[closed.clone(), out.clone()], &web, &db, 80));
    assert!(!is_allowed(&[closed.clone(), into.clone()], &web, &db, 80));
    let all = [closed, out, into];
    assert!(is_allowed(&all, &web, &db, 80));
    assert!(!is_allowed(&all, &db, &web, 80));
    let ends = [web, db];
    let matrix = Matrix::new(&all, &ends);
    let allowed = matrix.judge(0, 1, 80, Transport::Udp).unwrap();
    assert_eq!((names(&allowed.egress), names(&allowed.ingress)), (vec!["out".into()], vec!["in".into()]));
    let denied = matrix.judge(1, 0, 80, Transport::Udp).unwrap();
    assert_eq!(
        (names(&denied.egress), names(&denied.ingress)),
        (vec!["closed".into()], vec!["closed".into(), "out".into()])
    );
    assert_eq!(matrix.judge(0, 2, 80, Transport::Tcp), None);
}

#[test]
fn policies_hold_in_their_namespace_only() {
    let closed = [policy("closed", &json!({ "policyTypes": ["Ingress", "Egress"] }))];
    let (here, there) = (pod("demo", "app=web", &[]), pod("other", "app=web", &[]));
    assert!(is_allowed(&closed, &there, &there, 80));
    assert!(!is_allowed(&closed, &there, &here, 80));
    assert!(!is_allowed(&closed, &here, &outside(&["203.0.113.1"]), 80));
    assert!(is_allowed(&closed, &there, &outside(&["203.0.113.1"]), 80));
}

#[test]
fn a_connection_has_one_address_family() {
    let to = |cidr: &str| json!({ "policyTypes": ["Egress"], "egress": [{ "to": [{ "ipBlock": { "cidr": cidr } }] }] });
    let into = |cidr: &str| json!({ "ingress": [{ "from": [{ "ipBlock": { "cidr": cidr } }] }] });
    let (web, db) = (pod("demo", "app=web", &["10.0.0.1", "fd00::1"]), pod("demo", "app=db", &["10.0.0.2", "fd00::2"]));
    let both = |to_db: &str, from_web: &str| {
        [policy("out", &selecting("web", to(to_db))), policy("in", &selecting("db", into(from_web)))]
    };
    assert!(is_allowed(&both("10.0.0.2/32", "10.0.0.1/32"), &web, &db, 80));
    assert!(is_allowed(&both("fd00::2/128", "fd00::/16"), &web, &db, 80));
    assert!(!is_allowed(&both("10.0.0.2/32", "fd00::1/128"), &web, &db, 80));
    // Without a common family the judgement is that of the policies alone.
    let [only_v4, only_v6] = [pod("demo", "app=web", &["10.0.0.1"]), pod("demo", "app=db", &["fd00::2"])];
    assert!(is_allowed(&both("fd00::2/128", "10.0.0.1/32"), &only_v4, &only_v6, 80));
}

#[test]
fn where_addresses_are_unknown_only_a_range_of_all_addresses_applies() {
    let (web, db) = (pod("demo", "app=web", &[]), pod("demo", "app=db", &[]));
    let out = |block: Value| {
        [policy(
            "out",
            &selecting("web", json!({ "policyTypes": ["Egress"], "egress": [{ "to": [{ "ipBlock": block }] }] })),
        )]
    };
    assert!(is_allowed(&out(json!({ "cidr": "0.0.0.0/0" })), &web, &db, 80));
    assert!(is_allowed(&out(json!({ "cidr": "::/0" })), &web, &db, 80));
    assert!(!is_allowed(&out(json!({ "cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"] })), &web, &db, 80));
    assert!(!is_allowed(&out(json!({ "cidr": "10.0.0.0/8" })), &web, &db, 80));
    assert!(is_allowed(&out(json!({ "cidr": "203.0.113.0/24" })), &web, &outside(&["203.0.113.1"]), 80));
}

#[test]
fn a_name_of_a_port_has_no_meaning_outside_the_cluster() {
    let out = [policy("out", &json!({ "policyTypes": ["Egress"], "egress": [{ "ports": [{ "port": "http" }] }] }))];
    let mut db = pod("demo", "app=db", &[]);
    let web = pod("demo", "app=web", &[]);
    assert!(!is_allowed(&out, &web, &db, 80));
    if let Some(pod) = &mut db.pod {
        pod.ports = vec![NamedPort { name: "http".into(), number: 80, transport: Transport::Tcp }];
    }
    assert!(is_allowed(&out, &web, &db, 80));
    assert!(!is_allowed(&out, &web, &outside(&["203.0.113.1"]), 80));
}
