//! Who else is let in.

use serde_json::{Value, json};

use super::{labels, policy};
use crate::reach::{Client, Listener, NamedPort, PodLabels, Transport, openings};

fn database() -> Listener {
    Listener {
        namespace: "demo".into(),
        labels: PodLabels::of_pod(labels("app=db role=primary")),
        ports: vec![NamedPort { name: "sql".into(), number: 5432, transport: Transport::Tcp }],
        port: 5432,
        transport: Transport::Tcp,
    }
}

fn pods(namespace: Option<&str>, text: &str) -> Client {
    Client { namespace: namespace.map(str::to_owned), labels: labels(text) }
}

/// What a policy with this spec lets in, besides pods with two labels in its own namespace and all pods of the namespace `ops`.
fn opening(spec: &Value) -> Option<String> {
    let allowed = [pods(None, "app=web tier=front"), pods(Some("ops"), "")];
    let found = openings(&[policy("p", spec)], &database(), &allowed);
    assert!(found.iter().all(|opening| opening.policy == "p") && found.len() < 2);
    found.into_iter().next().map(|opening| opening.what)
}

fn from(peer: &Value) -> Option<String> {
    opening(&json!({ "ingress": [{ "from": [peer] }] }))
}

#[test]
fn policies_that_let_in_no_one_else_open_nothing() {
    let all = json!({ "from": [{ "podSelector": {} }], "ports": [{ "port": 5432 }] });
    let with = |field: &str, value: Value| {
        let mut rule = all.clone();
        rule[field] = value;
        json!({ "ingress": [rule] })
    };
    assert_eq!(opening(&json!({ "ingress": [all] })).unwrap(), "any pod of the namespace on port 5432");
    for spec in [
        json!({}),
        json!({ "policyTypes": ["Ingress", "Egress"] }),
        json!({ "policyTypes": ["Egress"], "ingress": [{}], "egress": [{}] }),
        json!({ "podSelector": { "matchLabels": { "app": "web" } }, "ingress": [{}] }),
        with("ports", json!([{ "port": 5433 }])),
        with("ports", json!([{ "port": 5432, "protocol": "UDP" }])),
        with("ports", json!([{ "port": 1, "endPort": 5431 }])),
        with("ports", json!([{ "port": "http" }])),
        with("from", json!([{ "podSelector": { "matchLabels": { "app": "web", "tier": "front" } } }])),
    ] {
        assert_eq!(opening(&spec), None, "{spec}");
    }
    let elsewhere = crate::reach::Policy { namespace: "other".into(), ..policy("p", &json!({ "ingress": [{}] })) };
    assert_eq!(openings(&[elsewhere], &database(), &[]), []);
}

#[test]
fn a_rule_counts_if_it_covers_the_port() {
    let on = |port: Value| opening(&json!({ "ingress": [{ "ports": [port, { "port": 80 }] }] }));
    assert_eq!(on(json!({ "port": 5432 })).unwrap(), "everyone on port 5432");
    assert_eq!(on(json!({ "port": 5000, "endPort": 6000 })).unwrap(), "everyone on ports 5000-6000");
    assert_eq!(on(json!({ "port": "sql" })).unwrap(), "everyone on port sql");
    assert_eq!(on(json!({ "protocol": "TCP" })).unwrap(), "everyone on all TCP ports");
    assert_eq!(on(json!({ "protocol": "SCTP" })), None);
    assert_eq!(opening(&json!({ "ingress": [{}] })).unwrap(), "everyone on all ports");
}

#[test]
fn a_peer_is_allowed_if_all_that_it_matches_is_one_client() {
    let namespaced = |name: Value, labels: Value| json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } }, "podSelector": { "matchLabels": labels } });
    let web = json!({ "app": "web", "tier": "front", "more": "x" });
    let in_list = json!({ "matchLabels": { "app": "web" }, "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["front"] }] });
    let in_ops =
        json!({ "matchExpressions": [{ "key": "kubernetes.io/metadata.name", "operator": "In", "values": ["ops"] }] });
    for peer in [
        json!({ "podSelector": { "matchLabels": web } }),
        json!({ "podSelector": in_list }),
        namespaced(json!("demo"), web.clone()),
        namespaced(json!("ops"), json!({})),
        namespaced(json!("ops"), json!({ "app": "report" })),
        json!({ "namespaceSelector": in_ops }),
    ] {
        assert_eq!(from(&peer), None, "{peer}");
    }
}

#[test]
fn a_peer_that_matches_more_than_a_client_is_reported() {
    let either = json!([{ "key": "tier", "operator": "In", "values": ["front", "back"] }]);
    for (peer, words) in [
        (json!({ "podSelector": { "matchLabels": { "app": "web" } } }), "pods app=web on all ports"),
        (
            json!({ "podSelector": { "matchLabels": { "app": "web" }, "matchExpressions": either } }),
            "pods app=web,tier in (front,back) on all ports",
        ),
        (
            json!({ "podSelector": { "matchLabels": { "app": "web", "tier": "front" } }, "namespaceSelector": {} }),
            "pods app=web,tier=front of any namespace on all ports",
        ),
        (
            json!({ "podSelector": { "matchLabels": { "app": "report" } }, "namespaceSelector": { "matchLabels": { "team": "b" } } }),
            "pods app=report of namespaces team=b on all ports",
        ),
        (
            json!({ "namespaceSelector": { "matchExpressions": [{ "key": "kubernetes.io/metadata.name", "operator": "In", "values": ["ops", "demo"] }] } }),
            "any pod of namespaces kubernetes.io/metadata.name in (ops,demo) on all ports",
        ),
        (
            json!({ "namespaceSelector": { "matchExpressions": [{ "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["demo"] }] } }),
            "any pod of namespaces kubernetes.io/metadata.name notin (demo) on all ports",
        ),
        (
            json!({ "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } }),
            "addresses 10.0.0.0/8 except 10.1.0.0/16 on all ports",
        ),
        (json!({ "ipBlock": { "cidr": "::/0" } }), "addresses ::/0 on all ports"),
    ] {
        assert_eq!(from(&peer).as_deref(), Some(words));
    }
}

#[test]
fn only_those_who_are_not_allowed_are_listed_and_the_list_is_bounded() {
    let peers = |count: usize| -> Vec<Value> {
        (0..count).map(|number| json!({ "podSelector": { "matchLabels": { "app": format!("a{number}") } } })).collect()
    };
    let mut two = peers(2);
    two.push(json!({ "podSelector": { "matchLabels": { "app": "web", "tier": "front" } } }));
    assert_eq!(
        opening(&json!({ "ingress": [{ "from": two }] })).unwrap(),
        "pods app=a0 on all ports, pods app=a1 on all ports"
    );
    let many = opening(&json!({ "ingress": [{ "from": peers(5000) }] })).unwrap();
    assert!(many.ends_with(" and 4993 more") && many.chars().count() <= 200, "{many}");
    let values: Vec<String> = (0..500).map(|number| format!("ü{number}")).collect();
    let long = json!({ "podSelector": { "matchExpressions": [{ "key": "a", "operator": "In", "values": values }] } });
    let both = opening(&json!({ "ingress": [{ "from": [long, {"podSelector": {}}] }] })).unwrap();
    assert!(both.chars().count() <= 200 && both.contains('…'), "{both}");
}
