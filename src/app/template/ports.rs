//! The ports a process listens on.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::{
    api::{ComponentPort, Protocol},
    app::review::Review,
};

/// A port of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Name, unique in the component.
    pub name: String,
    /// Number, of the pod and of the Service.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
}

pub(super) fn accept(specs: &[ComponentPort], path: &str, review: &mut Review) -> Vec<Port> {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let mut ports = Vec::new();
    for spec in specs {
        let path = format!("{path}.ports[{}]", spec.name);
        if !is_port_name(&spec.name) {
            review.reject(
                &path,
                "not a name for a port",
                "use at most 15 lower-case letters, digits and '-', with a letter",
            );
        }
        if !names.insert(&spec.name) {
            review.reject(&path, "two ports have this name", "give each its own");
        }
        if !numbers.insert((spec.port, spec.protocol)) {
            review.reject(&path, format!("port {} is declared twice", spec.port), "remove one");
        }
        match u16::try_from(spec.port) {
            Ok(number) if number >= 1024 => {
                ports.push(Port { name: spec.name.clone(), number, protocol: spec.protocol });
            }
            Ok(number) if number > 0 => review.reject(
                format!("{path}.port"),
                format!("a process that is not root can't listen on {number}"),
                "use a port from 1024 to 65535",
            ),
            _ => {
                review.reject(
                    format!("{path}.port"),
                    format!("{} is not a port number", spec.port),
                    "use one from 1024 to 65535",
                );
            }
        }
    }
    ports
}

/// The port that `metricsPort` names.
pub(super) fn metrics(name: Option<&str>, ports: &[Port], path: &str, review: &mut Review) -> Option<Port> {
    let name = name?;
    let port = ports.iter().find(|port| port.name == name);
    if port.is_none() {
        review.reject(
            format!("{path}.metricsPort"),
            format!("'{name}' is not a port of the component"),
            "name a port declared under ports",
        );
    }
    port.cloned()
}

/// An IANA service name (RFC 6335), as Kubernetes requires of named ports.
fn is_port_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.contains(|c: char| c.is_ascii_lowercase())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}
