//! How long it takes to judge who reaches whom in a namespace full of NetworkPolicies and pods.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use hardened_app::reach::{
    Client, Endpoint, Judgement, Listener, Matrix, NamedPort, Pod, PodLabels, Policy, Transport, openings,
};
use serde_json::json;

pub(crate) const POLICIES: usize = 1000;
pub(crate) const PODS: usize = 1000;
/// Repetitions; the median counts.
const TIMES: usize = 9;
const NAMESPACE: &str = "crowd";
const PORT: u16 = 5432;

/// Times for one namespace, without reading its policies.
pub(crate) struct Judged {
    /// Who else reaches the pods of one database.
    pub(crate) openings: Duration,
    /// Which of all pods may connect to one port of one pod.
    pub(crate) clients: Duration,
}

pub(crate) fn measure() -> Result<Judged> {
    let (policies, ends) = (policies()?, (0..PODS).map(end).collect::<Result<Vec<_>>>()?);
    let (listener, allowed) = (listener(), [Client { namespace: None, labels: labels(1) }]);
    let open = median(|| openings(&policies, &listener, &allowed).len());
    let clients = median(|| {
        let matrix = Matrix::new(&policies, &ends);
        let judged = (0..PODS).filter_map(|from| matrix.judge(from, 0, PORT, Transport::Tcp));
        judged.filter(Judgement::is_allowed).count()
    });
    // Neither all nor none: a matter that rules decide.
    ensure!((1..POLICIES).contains(&open.1), "{} policies let in others", open.1);
    ensure!((1..PODS).contains(&clients.1), "{} pods may connect", clients.1);
    Ok(Judged { openings: open.0, clients: clients.0 })
}

/// The median of the times that a function takes, and its result.
fn median(judge: impl Fn() -> usize) -> (Duration, usize) {
    let mut times: Vec<(Duration, usize)> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            let result = judge();
            (began.elapsed(), result)
        })
        .collect();
    times.sort_unstable();
    times.get(TIMES / 2).copied().unwrap_or_default()
}

/// Every second policy selects all pods, the others one pod each. Each lets in a pod of its own, a namespace and a range.
fn policies() -> Result<Vec<Policy>> {
    let spec = |number: usize| {
        let selector = if number.is_multiple_of(2) { json!({}) } else { json!({ "matchLabels": labels(number) }) };
        let pods =
            json!({ "matchExpressions": [{ "key": "app", "operator": "In", "values": [format!("app-{number}")] }] });
        let port =
            if number.is_multiple_of(3) { json!({ "port": "sql" }) } else { json!({ "port": 8080, "endPort": 8090 }) };
        let range =
            json!({ "cidr": format!("10.9.{}.0/24", number % 256), "except": [format!("10.9.{}.0/25", number % 256)] });
        json!({
            "podSelector": selector,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{
                "from": [{ "podSelector": pods }, { "namespaceSelector": { "matchLabels": { "team": "b" } } }, { "ipBlock": range }],
                "ports": [port],
            }],
            "egress": [{ "to": [{ "podSelector": {} }], "ports": [{ "port": "sql" }] }],
        })
    };
    let policy = |number| {
        let metadata = json!({ "name": format!("policy-{number}"), "namespace": NAMESPACE });
        Policy::read(&json!({ "metadata": metadata, "spec": spec(number) })).map_err(|unjudged| anyhow!("{unjudged:?}"))
    };
    (0..POLICIES).map(policy).collect()
}

fn labels(number: usize) -> BTreeMap<String, String> {
    let label = |(key, value): (&str, String)| (key.to_owned(), value);
    [
        ("app", format!("app-{number}")),
        ("tier", format!("tier-{}", number % 3)),
        ("pod-template-hash", format!("{number:08x}")),
    ]
    .map(label)
    .into()
}

fn end(number: usize) -> Result<Endpoint> {
    let pod = Pod {
        namespace: NAMESPACE.to_owned(),
        namespace_labels: BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), NAMESPACE.to_owned())]),
        labels: labels(number),
        ports: listener().ports,
    };
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + u32::try_from(number)?);
    Ok(Endpoint { pod: Some(pod), addresses: vec![IpAddr::V4(address)] })
}

fn listener() -> Listener {
    Listener {
        namespace: NAMESPACE.to_owned(),
        labels: PodLabels::of_pod(labels(0)),
        ports: vec![NamedPort { name: "sql".to_owned(), number: PORT, transport: Transport::Tcp }],
        port: PORT,
        transport: Transport::Tcp,
    }
}
