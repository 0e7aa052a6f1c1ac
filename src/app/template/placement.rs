//! Where a component's pods run. The policy decides it by the devices that they ask for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    api::{self, Toleration},
    app::{policy::Policy, review::Review},
};

/// Where pods run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Labels of the nodes.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the pods tolerate.
    pub tolerations: Vec<Toleration>,
    /// RuntimeClass, if not the node's own.
    pub runtime_class: Option<String>,
    /// PriorityClass, if not the cluster's default.
    pub priority_class: Option<String>,
}

pub(super) fn accept(spec: &api::Component, policy: &Policy, path: &str, review: &mut Review) -> Placement {
    let mut placement = Placement { priority_class: policy.placement.priority_class.clone(), ..Placement::default() };
    for (resource, count) in &spec.devices {
        let path = format!("{path}.devices[{resource}]");
        if *count < 1 {
            review.reject(&path, format!("{count} devices"), "ask for 1 or more, or remove it");
        }
        let Some(device) = policy.placement.devices.iter().find(|device| device.resource == *resource) else {
            review.reject(
                &path,
                format!("policy {} lists no such device", policy.name),
                "ask for a listed one; the platform team lists devices under placement.devices of the HardeningPolicy",
            );
            continue;
        };
        for (label, value) in &device.node_selector {
            if placement.node_selector.insert(label.clone(), value.clone()).is_some_and(|other| other != *value) {
                review.reject(
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
