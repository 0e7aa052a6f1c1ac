//! Ends, policies, and the ports on which each end may be reached or not.

use std::{collections::BTreeMap, net::IpAddr};

use anyhow::{Result, anyhow};
use hardened_app::reach::{self, NAMESPACE_NAME, NamedPort, Pod, Transport};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

type Labels = BTreeMap<String, String>;

/// A question: may each end connect to each of these ports of each end?
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Topology {
    pub(crate) name: String,
    /// Labels by the name of the namespace.
    pub(crate) namespaces: BTreeMap<String, Labels>,
    pub(crate) ends: Vec<End>,
    /// NetworkPolicies as the API has them.
    pub(crate) policies: Vec<Value>,
    pub(crate) ask: Vec<Asked>,
}

/// A pod, or without a namespace an address outside the cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) namespace: String,
    #[serde(default)]
    pub(crate) labels: Labels,
    pub(crate) addresses: Vec<IpAddr>,
    #[serde(default)]
    pub(crate) ports: Vec<NamedPort>,
}

/// A port.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) number: u16,
    #[serde(default)]
    pub(crate) transport: Transport,
}

/// The name of a namespace is a label of it, too: the API server sees to that.
pub(crate) fn with_names(namespaces: BTreeMap<String, Labels>) -> BTreeMap<String, Labels> {
    let named = namespaces.into_iter().map(|(name, mut labels)| {
        labels.insert(NAMESPACE_NAME.to_owned(), name.clone());
        (name, labels)
    });
    named.collect()
}

/// A NetworkPolicy.
pub(crate) fn policy(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({ "metadata": { "name": name, "namespace": namespace }, "spec": spec })
}

impl Topology {
    /// The policies as the operator reads them.
    pub(crate) fn read(&self) -> Result<Vec<reach::Policy>> {
        let unjudged = |unjudged| anyhow!("{}: {unjudged:?}", self.name);
        self.policies.iter().map(|policy| reach::Policy::read(policy).map_err(unjudged)).collect()
    }

    /// The ends as the operator takes them.
    pub(crate) fn ends(&self) -> Vec<reach::Endpoint> {
        let end = |end: &End| reach::Endpoint {
            pod: (!end.namespace.is_empty()).then(|| Pod {
                namespace: end.namespace.clone(),
                namespace_labels: self.namespaces.get(&end.namespace).cloned().unwrap_or_default(),
                labels: end.labels.clone(),
                ports: end.ports.clone(),
            }),
            addresses: end.addresses.clone(),
        };
        self.ends.iter().map(end).collect()
    }

    /// Whether it has a selector that the oracle evaluates otherwise than the API says if it uses its own code: `NotIn`, and an empty
    /// value in `matchLabels`.
    pub(crate) fn has_disputed_selectors(&self) -> bool {
        self.policies.iter().any(is_disputed)
    }
}

fn is_disputed(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| match value {
            Value::Object(labels) if name == "matchLabels" => labels.values().any(|value| value == ""),
            Value::String(operator) => name == "operator" && operator == "NotIn",
            value => is_disputed(value),
        }),
        Value::Array(members) => members.iter().any(is_disputed),
        _ => false,
    }
}
