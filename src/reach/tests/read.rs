//! What a NetworkPolicy means, and which can't be judged.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{labels, policy};
use crate::reach::{
    NamedPort, Peer, PodLabels, Policy, PolicyPort, Selector,
    Transport::{self, Sctp, Tcp, Udp},
    Unjudged, opens,
};

fn unjudged(spec: &Value) -> Unjudged {
    Policy::read(&json!({ "metadata": { "name": "odd", "namespace": "demo" }, "spec": spec })).unwrap_err()
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// The peers of an ingress rule.
fn peers(from: &Value) -> Vec<Peer> {
    policy("p", &json!({ "ingress": [{ "from": from }] })).ingress.unwrap().remove(0).peers
}

/// The ports of an ingress rule.
fn ports(ports: &Value) -> Vec<PolicyPort> {
    policy("p", &json!({ "ingress": [{ "ports": ports }] })).ingress.unwrap().remove(0).ports
}

#[test]
fn policy_types_that_are_not_given_follow_the_rules() {
    let directions = |spec: Value| {
        let policy = policy("p", &spec);
        (policy.ingress.map(|rules| rules.len()), policy.egress.map(|rules| rules.len()))
    };
    let types = |types: Value| json!({ "policyTypes": types, "ingress": [{}, {}], "egress": [{}] });
    for (spec, expected) in [
        (json!({}), (Some(0), None)),
        (Value::Null, (Some(0), None)),
        (json!({ "egress": [] }), (Some(0), None)),
        (json!({ "egress": [{}] }), (Some(0), Some(1))),
        (json!({ "ingress": [{}], "policyTypes": [] }), (Some(1), None)),
        (json!({ "ingress": null, "egress": [{}], "policyTypes": null }), (Some(0), Some(1))),
        (types(json!(["Ingress"])), (Some(2), None)),
        (types(json!(["Egress"])), (None, Some(1))),
        (types(json!(["Egress", "Ingress"])), (Some(2), Some(1))),
        (json!({ "policyTypes": ["Egress"] }), (None, Some(0))),
    ] {
        assert_eq!(directions(spec.clone()), expected, "{spec}");
    }
}

#[test]
fn a_selector_means_what_the_api_says() {
    let select = |selector: Value| policy("p", &json!({ "podSelector": selector })).pods;
    let of = |key: &str, operator: &str, values: &[&str]| {
        let values = if values.is_empty() { Value::Null } else { json!(values) };
        select(json!({ "matchExpressions": [{ "key": key, "operator": operator, "values": values }] }))
    };
    for (selector, pod, expected) in [
        (select(json!({})), "", true),
        (select(json!({ "matchLabels": { "a": "1", "b": "2" } })), "a=1 b=2 c=3", true),
        (select(json!({ "matchLabels": { "a": "1", "b": "2" } })), "a=1", false),
        (of("a", "In", &["1", "2"]), "a=2", true),
        (of("a", "In", &["1", "2"]), "a=3", false),
        (of("a", "In", &["1"]), "", false),
        (of("a", "NotIn", &["1"]), "a=2", true),
        (of("a", "NotIn", &["1"]), "a=1", false),
        // `labels.Requirement`: "The operator is DoesNotExist or NotIn and Labels does not have the Requirement's key".
        (of("a", "NotIn", &["1"]), "", true),
        (of("a", "Exists", &[]), "a=", true),
        (of("a", "Exists", &[]), "b=1", false),
        (of("a", "DoesNotExist", &[]), "b=1", true),
        (of("a", "DoesNotExist", &[]), "a=1", false),
        (select(json!({ "matchLabels": { "a": "" } })), "", false),
    ] {
        assert_eq!(selector.matches(&labels(pod)), expected, "{selector} and {pod}");
    }
}

#[test]
fn peers_are_pods_of_namespaces_or_addresses() {
    let one = |key: &str| Some(Selector { labels: vec![(key.into(), "1".into())], ..Selector::default() });
    let selector = |key: &str| json!({ "matchLabels": { key: "1" } });
    assert_eq!(
        peers(&json!([
            { "podSelector": selector("a") },
            { "namespaceSelector": selector("b") },
            { "namespaceSelector": selector("b"), "podSelector": selector("a") },
            { "namespaceSelector": {} },
            { "podSelector": {} },
            { "ipBlock": { "cidr": "10.1.2.3/8", "except": ["10.1.0.0/16"] } },
            { "ipBlock": { "cidr": "2001:db8::/32" } },
        ])),
        [
            Peer::Pods { namespaces: None, pods: one("a") },
            Peer::Pods { namespaces: one("b"), pods: None },
            Peer::Pods { namespaces: one("b"), pods: one("a") },
            Peer::Pods { namespaces: Some(Selector::default()), pods: None },
            Peer::Pods { namespaces: None, pods: None },
            Peer::Range { cidr: net("10.0.0.0/8"), except: vec![net("10.1.0.0/16")] },
            Peer::Range { cidr: net("2001:db8::/32"), except: vec![] },
        ]
    );
}

#[test]
fn ports_are_numbers_ranges_and_names() {
    let ports = ports(&json!([
        {},
        { "protocol": "SCTP" },
        { "port": 80 },
        { "port": 8000, "endPort": 8010, "protocol": "UDP" },
        { "port": "http" },
    ]));
    let covered = |number, transport, named: &[(&str, u16, Transport)]| -> Vec<usize> {
        let named: Vec<NamedPort> = named
            .iter()
            .map(|(name, number, transport)| NamedPort { name: (*name).into(), number: *number, transport: *transport })
            .collect();
        (0..ports.len()).filter(|place| ports[*place].covers(number, transport, &named)).collect()
    };
    assert_eq!(covered(80, Tcp, &[]), [0, 2]);
    assert_eq!(covered(80, Sctp, &[]), [1]);
    assert_eq!(covered(7999, Udp, &[]), [0; 0]);
    assert_eq!(covered(8000, Udp, &[]), [3]);
    assert_eq!(covered(8010, Udp, &[]), [3]);
    assert_eq!(covered(8011, Udp, &[]), [0; 0]);
    // The name is resolved on the pod that accepts the connection, by name and protocol.
    assert_eq!(covered(9000, Tcp, &[("http", 9000, Tcp)]), [0, 4]);
    assert_eq!(covered(9000, Tcp, &[("http", 9001, Tcp), ("web", 9000, Tcp), ("http", 9000, Udp)]), [0]);
    assert_eq!(covered(9000, Udp, &[("http", 9000, Udp)]), [0; 0]);
}

#[test]
fn what_cannot_be_read_is_never_left_out() {
    let expression = |operator: &str, values: Value| json!({ "podSelector": { "matchExpressions": [{ "key": "a", "operator": operator, "values": values }] } });
    let from = |peer: Value| json!({ "ingress": [{}, { "from": [{ "podSelector": {} }, peer] }] });
    let port = |port: Value| json!({ "egress": [{ "ports": [port] }] });
    for (spec, reason) in [
        (expression("Gt", json!(["1"])), "spec.podSelector.matchExpressions[0].operator: 'Gt' is not one of"),
        (expression("In", json!([])), "spec.podSelector.matchExpressions[0].values: none"),
        (expression("Exists", json!(["1"])), "spec.podSelector.matchExpressions[0].values: some"),
        (from(json!({ "ipBlock": { "cidr": "10.0.0.0" } })), "spec.ingress[1].from[1].ipBlock.cidr: '10.0.0.0' is not"),
        (
            from(json!({ "ipBlock": { "cidr": "010.0.0.0/8" } })),
            "spec.ingress[1].from[1].ipBlock.cidr: '010.0.0.0/8' is not",
        ),
        (
            from(json!({ "ipBlock": { "cidr": "::ffff:10.0.0.0/104" } })),
            "spec.ingress[1].from[1].ipBlock.cidr: '::ffff:",
        ),
        (
            from(json!({ "ipBlock": { "cidr": "10.0.0.0/8", "except": ["x"] } })),
            "spec.ingress[1].from[1].ipBlock.except[0]: 'x' is not",
        ),
        (from(json!({})), "spec.ingress[1].from[1]: neither a selector nor an ipBlock"),
        (
            from(json!({ "podSelector": {}, "ipBlock": { "cidr": "::/0" } })),
            "spec.ingress[1].from[1]: an ipBlock beside",
        ),
        (from(json!({ "podSelector": {}, "nodeSelector": {} })), "spec: unknown field `nodeSelector`"),
        (json!({ "priority": 1 }), "spec: unknown field `priority`"),
        (json!({ "policyTypes": ["ingress"] }), "spec.policyTypes: 'ingress' is not one of"),
        (port(json!({ "port": 0 })), "spec.egress[0].ports[0].port: 0 is not a port number"),
        (port(json!({ "port": 80, "endPort": 79 })), "spec.egress[0].ports[0].endPort: below port"),
        (port(json!({ "port": 80, "endPort": 70000 })), "spec.egress[0].ports[0].endPort: 70000 is not"),
        (port(json!({ "port": "http", "endPort": 79 })), "spec.egress[0].ports[0].endPort: without a number"),
        (port(json!({ "endPort": 79 })), "spec.egress[0].ports[0].endPort: without a number"),
        (port(json!({ "protocol": "ICMP" })), "spec.egress[0].ports[0].protocol: 'ICMP' is not one of"),
        (json!("text"), "spec: invalid type"),
    ] {
        let unjudged = unjudged(&spec);
        assert!(unjudged.reason.starts_with(reason), "{spec}: {}", unjudged.reason);
        assert_eq!((unjudged.namespace.as_str(), unjudged.name.as_str()), ("demo", "odd"));
    }
}

#[test]
fn a_policy_that_cannot_be_judged_still_says_which_pods_it_selects() {
    let odd = unjudged(&json!({ "podSelector": { "matchLabels": { "app": "db" } }, "priority": 1 }));
    assert!(
        odd.may_select(&PodLabels::of_pod(labels("app=db"))) && !odd.may_select(&PodLabels::of_pod(labels("app=web")))
    );
    let odd = unjudged(&json!({ "podSelector": { "matchFields": [] } }));
    assert!(odd.may_select(&PodLabels::of_pod(labels("app=db"))));
}

#[test]
fn a_policy_takes_the_memory_of_what_it_holds() {
    let of = |peers: usize| {
        let peer = |number| json!({ "podSelector": { "matchLabels": { "app": format!("a{number:099}") } } });
        policy("p", &json!({ "ingress": [{ "from": (0..peers).map(peer).collect::<Vec<_>>() }] })).size()
    };
    assert!(of(0) < 500, "{}", of(0));
    assert!((100..400).contains(&((of(1000) - of(0)) / 1000)), "{}", of(1000));
}

#[test]
fn a_policy_is_told_in_words() {
    for (spec, words) in [
        (json!({}), "lets in nothing"),
        (json!({ "ingress": [{}], "egress": [{}] }), "lets in everyone on all ports; lets out everyone on all ports"),
        (json!({ "policyTypes": ["Egress"] }), "lets out nothing"),
        (
            json!({ "ingress": [{
                "from": [
                    { "podSelector": {} },
                    { "podSelector": { "matchLabels": { "app": "report" } }, "namespaceSelector": {} },
                    { "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "ops" } } },
                ],
                "ports": [{ "port": 5432 }],
            }] }),
            "lets in any pod of the namespace on port 5432, pods app=report of any namespace on port 5432, \
             any pod of namespace ops on port 5432",
        ),
        (
            json!({ "egress": [{
                "to": [{ "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } }],
                "ports": [{ "port": 53, "protocol": "UDP" }, { "port": 80, "endPort": 90 }, { "port": "web" }, {}],
            }], "policyTypes": ["Egress"] }),
            "lets out addresses 10.0.0.0/8 except 10.1.0.0/16 on UDP port 53 and ports 80-90 and port web and all TCP ports",
        ),
    ] {
        assert_eq!(opens(&policy("p", &spec)), words);
    }
}
