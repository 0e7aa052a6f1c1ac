//! Reading a NetworkPolicy, with the defaults of the API. What can't be read makes the whole policy unjudged: a rule that was left out
//! could be the one that opens a pod.

use std::{collections::BTreeMap, fmt::Display};

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::{
    pod_labels::PodLabels,
    policy::{Peer, Policy, Rule},
    ports::{PolicyPort, Transport},
    selector::{Expression, Operator, Selector},
};

/// A NetworkPolicy that can't be judged, such as one with an operator that this version doesn't know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The pods that it selects, if at least that can be read.
    pub pods: Option<Selector>,
    /// Field and reason.
    pub reason: String,
}

impl Unjudged {
    /// Whether it may select pods of its namespace that have these labels.
    #[must_use]
    pub fn may_select(&self, labels: &PodLabels) -> bool {
        self.pods.as_ref().is_none_or(|pods| pods.may_match(labels))
    }
}

impl Policy {
    /// Reads a NetworkPolicy. Without a namespace it is in `default`.
    ///
    /// # Errors
    /// If its spec has a field or a value that the API doesn't have, or not in the version that this one knows.
    pub fn read(object: &Value) -> Result<Self, Unjudged> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let namespace = text("/metadata/namespace").unwrap_or_else(|| "default".to_owned());
        let name = text("/metadata/name").unwrap_or_default();
        match Spec::read(object.get("spec").unwrap_or(&Value::Null)) {
            Ok(Spec { pods, ingress, egress }) => Ok(Self { namespace, name, pods, ingress, egress }),
            Err(reason) => {
                let pods = RawSelector::deserialize(object.pointer("/spec/podSelector").unwrap_or(&Value::Null));
                let pods = pods.ok().and_then(|pods| selector(pods).ok());
                Err(Unjudged { namespace, name, pods, reason })
            }
        }
    }
}

/// A mistake, with the path to it.
type Read<T> = Result<T, String>;

struct Spec {
    pods: Selector,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

// Unknown fields are mistakes: a later version of the API may narrow a peer or a port by one.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSpec {
    pod_selector: Option<RawSelector>,
    ingress: Option<Vec<RawIngress>>,
    egress: Option<Vec<RawEgress>>,
    policy_types: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIngress {
    from: Option<Vec<RawPeer>>,
    ports: Option<Vec<RawPort>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEgress {
    to: Option<Vec<RawPeer>>,
    ports: Option<Vec<RawPort>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPeer {
    pod_selector: Option<RawSelector>,
    namespace_selector: Option<RawSelector>,
    ip_block: Option<RawBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlock {
    cidr: String,
    except: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawPort {
    port: Option<NumberOrName>,
    end_port: Option<i64>,
    protocol: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrName {
    Number(i64),
    Name(String),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawSelector {
    match_labels: Option<BTreeMap<String, String>>,
    match_expressions: Option<Vec<RawExpression>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpression {
    key: String,
    operator: String,
    values: Option<Vec<String>>,
}

impl Spec {
    fn read(spec: &Value) -> Read<Self> {
        let raw: Option<RawSpec> = Option::deserialize(spec).map_err(|error| within("spec")(error.to_string()))?;
        Self::of(raw.unwrap_or_default()).map_err(within("spec"))
    }

    fn of(raw: RawSpec) -> Read<Self> {
        let pods = selector(raw.pod_selector.unwrap_or_default()).map_err(within("podSelector"))?;
        let (ingress, egress) = (raw.ingress.unwrap_or_default(), raw.egress.unwrap_or_default());
        // "If this field is not specified, it will default based on the existence of ingress or egress rules; policies that contain an
        // egress section are assumed to affect egress, and all policies (whether or not they contain an ingress section) are assumed to
        // affect ingress." An empty list counts as not specified.
        let types = raw.policy_types.unwrap_or_default();
        if let Some(unknown) = types.iter().find(|word| !["Ingress", "Egress"].contains(&word.as_str())) {
            return Err(format!("policyTypes: '{unknown}' is not one of Ingress and Egress"));
        }
        let has = |word: &str| types.iter().any(|other| other == word);
        let isolates_ingress = types.is_empty() || has("Ingress");
        let isolates_egress = if types.is_empty() { !egress.is_empty() } else { has("Egress") };
        let ingress = each("ingress", ingress, |raw| rule("from", raw.from, raw.ports))?;
        let egress = each("egress", egress, |raw| rule("to", raw.to, raw.ports))?;
        Ok(Self { pods, ingress: isolates_ingress.then_some(ingress), egress: isolates_egress.then_some(egress) })
    }
}

fn rule(ends: &str, peers: Option<Vec<RawPeer>>, ports: Option<Vec<RawPort>>) -> Read<Rule> {
    Ok(Rule {
        peers: each(ends, peers.unwrap_or_default(), peer)?,
        ports: each("ports", ports.unwrap_or_default(), port)?,
    })
}

fn peer(raw: RawPeer) -> Read<Peer> {
    match (raw.ip_block, raw.namespace_selector, raw.pod_selector) {
        (Some(block), None, None) => range(block).map_err(within("ipBlock")),
        (Some(_), _, _) => Err("an ipBlock beside a selector".to_owned()),
        (None, None, None) => Err("neither a selector nor an ipBlock".to_owned()),
        (None, namespaces, pods) => Ok(Peer::Pods {
            namespaces: namespaces.map(selector).transpose().map_err(within("namespaceSelector"))?,
            // "Otherwise it selects all pods in the namespaces selected by namespaceSelector": so does an empty selector.
            pods: pods.map(selector).transpose().map_err(within("podSelector"))?.filter(|pods| !pods.is_empty()),
        }),
    }
}

fn range(raw: RawBlock) -> Read<Peer> {
    let cidr = net(&raw.cidr).map_err(within("cidr"))?;
    let except = each("except", raw.except.unwrap_or_default(), |text| net(&text))?;
    Ok(Peer::Range { cidr, except })
}

fn net(text: &str) -> Read<IpNet> {
    // The standard library refuses leading zeros, which some programs take for decimal and others for octal numbers.
    let parts = text.split_once('/').and_then(|(address, length)| Some((address.parse().ok()?, length.parse().ok()?)));
    let net = parts.and_then(|(address, length)| IpNet::new(address, length).ok());
    match net.ok_or_else(|| format!("'{text}' is not an address range"))? {
        // RFC 4291, 2.5.5.2: network plugins differ in how they match such a range.
        IpNet::V6(net) if net.addr().to_ipv4_mapped().is_some() => {
            Err(format!("'{text}' is an IPv4 range in IPv6 form"))
        }
        net => Ok(net.trunc()),
    }
}

fn port(raw: RawPort) -> Read<PolicyPort> {
    let transport = match raw.protocol.as_deref() {
        None | Some("TCP") => Transport::Tcp,
        Some("UDP") => Transport::Udp,
        Some("SCTP") => Transport::Sctp,
        Some(other) => return Err(format!("protocol: '{other}' is not one of TCP, UDP and SCTP")),
    };
    match (raw.port, raw.end_port) {
        // "If this field is not provided, this matches all port names and numbers."
        (None, None) => Ok(PolicyPort::all(transport)),
        (Some(NumberOrName::Name(name)), None) => Ok(PolicyPort::Named { transport, name }),
        (Some(NumberOrName::Number(first)), last) => {
            let first = number(first).map_err(within("port"))?;
            let last = last.map_or(Ok(first), number).map_err(within("endPort"))?;
            if last < first {
                return Err("endPort: below port".to_owned());
            }
            Ok(PolicyPort::Numbers { transport, first, last })
        }
        (None | Some(NumberOrName::Name(_)), Some(_)) => Err("endPort: without a number as port".to_owned()),
    }
}

fn number(number: i64) -> Read<u16> {
    let valid = u16::try_from(number).ok().filter(|number| *number > 0);
    valid.ok_or_else(|| format!("{number} is not a port number"))
}

fn selector(raw: RawSelector) -> Read<Selector> {
    Ok(Selector {
        labels: raw.match_labels.unwrap_or_default().into_iter().collect(),
        expressions: each("matchExpressions", raw.match_expressions.unwrap_or_default(), expression)?,
    })
}

fn expression(raw: RawExpression) -> Read<Expression> {
    let values = raw.values.unwrap_or_default();
    let operator = match (raw.operator.as_str(), values.is_empty()) {
        ("In", false) => Operator::In(values),
        ("NotIn", false) => Operator::NotIn(values),
        ("Exists", true) => Operator::Exists,
        ("DoesNotExist", true) => Operator::DoesNotExist,
        ("In" | "NotIn", true) => return Err("values: none, but the operator compares with them".to_owned()),
        ("Exists" | "DoesNotExist", false) => {
            return Err("values: some, but the operator compares with none".to_owned());
        }
        (other, _) => return Err(format!("operator: '{other}' is not one of In, NotIn, Exists and DoesNotExist")),
    };
    Ok(Expression { key: raw.key, operator })
}

/// Reads each member of a list; a mistake names its place.
fn each<From, To>(field: &str, members: Vec<From>, read: impl Fn(From) -> Read<To>) -> Read<Vec<To>> {
    let members = members.into_iter().enumerate();
    members.map(|(place, member)| read(member).map_err(within(format!("{field}[{place}]")))).collect()
}

/// A mistake within a field: `field.inner: reason`, or `field: reason` if it is about the field itself.
fn within(field: impl Display) -> impl Fn(String) -> String {
    move |mistake| match mistake.split_once(": ") {
        Some((inner, _)) if !inner.contains(' ') => format!("{field}.{mistake}"),
        _ => format!("{field}: {mistake}"),
    }
}
