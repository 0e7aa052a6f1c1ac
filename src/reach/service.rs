//! A Service in the form in which it is kept: which pods it leads to, and whether it can be reached from outside the cluster.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pod_labels::PodLabels;

/// Most addresses or ports that are listed.
const MOST_LISTED: usize = 4;

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its namespace, which is also that of its pods.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Labels of its pods. If empty, it leads to no pod by itself.
    pub selector: BTreeMap<String, String>,
    /// Its type, `ClusterIP` if not given.
    pub r#type: String,
    /// Addresses outside the cluster's control at which nodes accept connections for it.
    pub external_ips: Vec<String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Number at the Service's own address.
    pub port: u16,
    /// Number at every node, if there is one.
    pub node_port: Option<u16>,
}

impl Service {
    /// Reads a Service as the API server stores it. What isn't of the type that the API has counts as not given.
    #[must_use]
    pub fn read(object: &Value) -> Self {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let list = |pointer| object.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let selector = object.pointer("/spec/selector").and_then(Value::as_object).into_iter().flatten();
        let selector = selector.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        Self {
            namespace: text("/metadata/namespace").unwrap_or("default").to_owned(),
            name: text("/metadata/name").unwrap_or_default().to_owned(),
            selector: selector.collect(),
            r#type: text("/spec/type").unwrap_or("ClusterIP").to_owned(),
            external_ips: list("/spec/externalIPs").filter_map(Value::as_str).map(str::to_owned).collect(),
            ports: list("/spec/ports").filter_map(ServicePort::read).collect(),
        }
    }

    /// Whether it leads to pods of its namespace that have these labels, or may.
    #[must_use]
    pub fn may_select(&self, labels: &PodLabels) -> bool {
        // "If empty or not present, the service is assumed to have an external process managing its endpoints [...] Ignored if type is
        // ExternalName" (Service API).
        self.r#type != "ExternalName"
            && !self.selector.is_empty()
            && self.selector.iter().all(|(key, value)| labels.may_have(key, value))
    }

    /// By what it can be reached from outside the cluster: `type LoadBalancer`, `type NodePort 30432`, `externalIPs 192.0.2.1`.
    #[must_use]
    pub fn exposes(&self) -> Option<String> {
        let node_ports: Vec<String> = self.ports.iter().filter_map(|port| Some(port.node_port?.to_string())).collect();
        let by_type = match self.r#type.as_str() {
            "LoadBalancer" => Some("type LoadBalancer".to_owned()),
            "NodePort" => Some(format!("type NodePort {}", listed(&node_ports)).trim_end().to_owned()),
            _ => None,
        };
        let by_address = (!self.external_ips.is_empty()).then(|| format!("externalIPs {}", listed(&self.external_ips)));
        let ways: Vec<String> = by_type.into_iter().chain(by_address).collect();
        (!ways.is_empty()).then(|| ways.join(", "))
    }
}

impl ServicePort {
    fn read(port: &Value) -> Option<Self> {
        let number = |field| port.get(field).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
        Some(Self { port: number("port")?, node_port: number("nodePort").filter(|number| *number > 0) })
    }
}

fn listed(members: &[String]) -> String {
    let shown: Vec<&str> = members.iter().take(MOST_LISTED).map(String::as_str).collect();
    let more = members.len() - shown.len();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
