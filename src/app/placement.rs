//! Where a component's pods run: the policy decides, by the devices they ask for.

use std::collections::BTreeMap;

use super::{Policy, rejection::Rejections};
use crate::api::{self, Toleration};

/// Where pods run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    /// Labels of the nodes.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the pods bear.
    pub tolerations: Vec<Toleration>,
    /// RuntimeClass, if not the node's own.
    pub runtime_class: Option<String>,
}

pub(super) fn accept(spec: &api::Component, policy: &Policy, path: &str, rejections: &mut Rejections) -> Placement {
    let mut placement = Placement::default();
    for (resource, count) in &spec.devices {
        let path = format!("{path}.devices[{resource}]");
        if *count < 1 {
            rejections.add(&path, format!("{count} devices"), "ask for 1 or more, or remove it");
        }
        let Some(device) = policy.placement.devices.iter().find(|device| device.resource == *resource) else {
            rejections.add(
                &path,
                format!("policy {} lists no such device", policy.name),
                "ask for a listed one; the platform team lists devices under placement.devices of the HardeningPolicy",
            );
            continue;
        };
        for (label, value) in &device.node_selector {
            if placement.node_selector.insert(label.clone(), value.clone()).is_some_and(|other| other != *value) {
                rejections.add(
                    &path,
                    format!("no node has all these devices: they differ in {label}"),
                    "ask for fewer kinds of device",
                );
            }
        }
        placement.tolerations.extend(
            device.tolerations.iter().filter(|new| !placement.tolerations.contains(new)).cloned().collect::<Vec<_>>(),
        );
        placement.runtime_class = placement.runtime_class.or_else(|| device.runtime_class.clone());
    }
    placement
}
