//! Random topologies: few labels, namespaces and ports, so that rules often meet.

use std::{collections::BTreeMap, net::IpAddr};

use anyhow::{Context, Result, ensure};
use e2e::Random;
use hardened_app::reach::{NamedPort, Transport};
use serde_json::{Map, Value, json};

use crate::{
    cells::{differences, judge},
    oracle::ask,
    topology::{Asked, End, Topology, policy, with_names},
};

/// Topologies to judge.
const COUNT: usize = 3000;
/// What the topologies are made from. Another number gives others.
const SEED: u64 = 20_260_401;

const NAMESPACES: [&str; 3] = ["x", "y", "z"];
const KEYS: [&str; 3] = ["app", "tier", "team"];
const VALUES: [&str; 3] = ["a", "b", "c"];
const NUMBERS: [u16; 4] = [80, 81, 443, 8080];
const NAMES: [&str; 3] = ["http", "web", "metrics"];
const TRANSPORTS: [Transport; 3] = [Transport::Tcp, Transport::Udp, Transport::Sctp];
const ADDRESSES: [(&str, &str); 6] = [
    ("10.0.0.1", "fd00::1"),
    ("10.0.0.2", "fd00::2"),
    ("10.0.1.1", "fd00:1::1"),
    ("10.1.0.1", "fd01::1"),
    ("203.0.113.1", "2001:db8::1"),
    ("169.254.169.254", "fe80::1"),
];
/// Ranges with what may be left out of them.
const RANGES: [(&str, &[&str]); 8] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "203.0.113.0/24", "10.0.0.1/32"]),
    ("10.0.0.0/8", &["10.0.0.0/24", "10.1.0.0/16"]),
    ("10.0.0.0/24", &["10.0.0.2/32"]),
    ("10.0.1.1/32", &[]),
    ("203.0.113.0/24", &["203.0.113.0/25"]),
    ("::/0", &["fd00::/8", "2001:db8::1/128"]),
    ("fd00::/16", &["fd00::/64", "fd00:1::/32"]),
    ("2001:db8::/32", &["2001:db8:1::/48"]),
];

/// Makes one topology.
struct Maker {
    random: Random,
    /// Whether selectors may be such that the oracle's own code evaluates them otherwise than the API says.
    with_disputed: bool,
}

impl Maker {
    fn topology(&mut self, name: String) -> Topology {
        let namespaces = NAMESPACES.map(|name| (name.to_owned(), self.labels()));
        let ends = (0..3 + self.random.below(6)).map(|place| self.end(place)).collect();
        let policies = (0..=self.random.below(6)).map(|place| self.policy(place)).collect();
        let ask =
            (0..3).map(|_| Asked { number: self.random.pick(&NUMBERS), transport: self.random.pick(&TRANSPORTS) });
        let ask = ask.chain([Asked { number: 80, transport: Transport::Tcp }]).collect();
        Topology { name, namespaces: with_names(BTreeMap::from(namespaces)), ends, policies, ask }
    }

    fn labels(&mut self) -> BTreeMap<String, String> {
        let values: &[&str] = if self.with_disputed { &["a", "b", "c", ""] } else { &VALUES };
        let mut labels = BTreeMap::new();
        for key in KEYS {
            if !self.random.once_in(3) {
                labels.insert(key.to_owned(), self.random.pick(values).to_owned());
            }
        }
        labels
    }

    fn end(&mut self, place: usize) -> End {
        let is_outside = self.random.once_in(5);
        let (ipv4, ipv6) = ADDRESSES.get(self.random.below(ADDRESSES.len())).copied().unwrap_or_default();
        let addresses: &[&str] = match self.random.below(4) {
            0 => &[ipv6],
            1 => &[ipv4, ipv6],
            _ => &[ipv4],
        };
        End {
            name: format!("end-{place}"),
            namespace: if is_outside { String::new() } else { self.random.pick(&NAMESPACES).to_owned() },
            labels: if is_outside { BTreeMap::new() } else { self.labels() },
            addresses: addresses.iter().filter_map(|address| address.parse::<IpAddr>().ok()).collect(),
            ports: if is_outside { Vec::new() } else { self.named_ports() },
        }
    }

    fn named_ports(&mut self) -> Vec<NamedPort> {
        let port = |name: &&str, random: &mut Random| NamedPort {
            name: (*name).to_owned(),
            number: random.pick(&NUMBERS),
            transport: random.pick(&TRANSPORTS),
        };
        let names = NAMES.iter().filter(|_| self.random.once_in(2)).collect::<Vec<_>>();
        names.into_iter().map(|name| port(name, &mut self.random)).collect()
    }

    fn policy(&mut self, place: usize) -> Value {
        let mut spec = Map::new();
        if !self.random.once_in(6) {
            spec.insert("podSelector".to_owned(), self.selector());
        }
        for (rules, ends) in [("ingress", "from"), ("egress", "to")] {
            if !self.random.once_in(3) {
                let count = self.random.below(3);
                spec.insert(rules.to_owned(), (0..count).map(|_| self.rule(ends)).collect());
            }
        }
        let types: [Option<&[&str]>; 5] =
            [None, Some(&[]), Some(&["Ingress"]), Some(&["Egress"]), Some(&["Ingress", "Egress"])];
        if let Some(types) = self.random.pick(&types) {
            spec.insert("policyTypes".to_owned(), json!(types));
        }
        policy(self.random.pick(&NAMESPACES), &format!("policy-{place}"), &Value::Object(spec))
    }

    fn rule(&mut self, ends: &str) -> Value {
        let mut rule = Map::new();
        if !self.random.once_in(5) {
            let count = self.random.below(4);
            rule.insert(ends.to_owned(), (0..count).map(|_| self.peer()).collect());
        }
        if !self.random.once_in(3) {
            let count = self.random.below(4);
            rule.insert("ports".to_owned(), (0..count).map(|_| self.port()).collect());
        }
        Value::Object(rule)
    }

    fn peer(&mut self) -> Value {
        match self.random.below(5) {
            0 => json!({ "podSelector": self.selector() }),
            1 => json!({ "namespaceSelector": self.selector() }),
            2 => json!({ "namespaceSelector": self.selector(), "podSelector": self.selector() }),
            _ => {
                let (cidr, within) = self.random.pick(&RANGES);
                let except: Vec<&&str> = within.iter().filter(|_| self.random.once_in(2)).collect();
                if except.is_empty() {
                    json!({ "ipBlock": { "cidr": cidr } })
                } else {
                    json!({ "ipBlock": { "cidr": cidr, "except": except } })
                }
            }
        }
    }

    fn port(&mut self) -> Value {
        let mut port = Map::new();
        if !self.random.once_in(3) {
            port.insert("protocol".to_owned(), json!(self.random.pick(&TRANSPORTS)));
        }
        match self.random.below(6) {
            0 => {}
            1 | 2 => drop(port.insert("port".to_owned(), json!(self.random.pick(&NAMES)))),
            3 => {
                let (one, other) = (self.random.pick(&NUMBERS), self.random.pick(&NUMBERS));
                port.insert("port".to_owned(), json!(one.min(other)));
                port.insert("endPort".to_owned(), json!(one.max(other)));
            }
            _ => drop(port.insert("port".to_owned(), json!(self.random.pick(&NUMBERS)))),
        }
        Value::Object(port)
    }

    fn selector(&mut self) -> Value {
        let mut selector = Map::new();
        if self.random.once_in(2) {
            let values: &[&str] = if self.with_disputed { &["a", "b", ""] } else { &["a", "b"] };
            let labels = KEYS.iter().filter(|_| self.random.once_in(3)).collect::<Vec<_>>();
            let labels = labels.into_iter().map(|key| ((*key).to_owned(), self.random.pick(values)));
            selector.insert("matchLabels".to_owned(), json!(labels.collect::<BTreeMap<_, _>>()));
        }
        if self.random.once_in(2) {
            let count = 1 + self.random.below(2);
            selector.insert("matchExpressions".to_owned(), (0..count).map(|_| self.expression()).collect());
        }
        Value::Object(selector)
    }

    fn expression(&mut self) -> Value {
        let key = if self.random.once_in(8) { "kubernetes.io/metadata.name" } else { self.random.pick(&KEYS) };
        let values: Vec<&&str> = ["a", "b", "x", "y"].iter().filter(|_| self.random.once_in(2)).collect();
        let values = if values.is_empty() { json!(["c"]) } else { json!(values) };
        match self.random.below(if self.with_disputed { 5 } else { 3 }) {
            0 => json!({ "key": key, "operator": "Exists" }),
            1 => json!({ "key": key, "operator": "DoesNotExist" }),
            2 => json!({ "key": key, "operator": "In", "values": values }),
            _ => json!({ "key": key, "operator": "NotIn", "values": values }),
        }
    }
}

#[test]
fn random_topologies_are_judged_as_by_the_oracle() -> Result<()> {
    println!("seed {SEED}");
    let topology = |place: usize| -> Result<Topology> {
        let random = Random::seeded(SEED + u64::try_from(place)?);
        Ok(Maker { random, with_disputed: place.is_multiple_of(2) }.topology(format!("random {place}")))
    };
    let topologies = (0..COUNT).map(topology).collect::<Result<Vec<_>>>()?;
    let (mut cells, mut allowed, mut disputed) = (0, 0, 0);
    for (topology, answer) in topologies.iter().zip(ask(&topologies)?) {
        let ours = judge(topology)?;
        let wrong = differences(topology, &ours, &answer.judged);
        let all = || serde_json::to_string_pretty(topology).context("a topology can't be written");
        ensure!(wrong.is_empty(), "{}, seed {SEED}: {}\n{}", topology.name, wrong.join("\n"), all()?);
        // The oracle's own selectors agree, wherever they follow the API.
        if topology.has_disputed_selectors() {
            disputed += 1;
        } else {
            ensure!(answer.judged == answer.own, "{}: the oracle contradicts itself\n{}", topology.name, all()?);
        }
        cells += ours.iter().map(String::len).sum::<usize>();
        allowed += ours.iter().map(|row| row.matches('A').count()).sum::<usize>();
    }
    println!("{COUNT} topologies, {cells} connections, {allowed} of them allowed; {disputed} with disputed selectors");
    ensure!((cells / 5..cells * 4 / 5).contains(&allowed), "{allowed} of {cells} connections are allowed");
    ensure!((COUNT / 4..=COUNT / 2).contains(&disputed), "{disputed} topologies have disputed selectors");
    Ok(())
}
