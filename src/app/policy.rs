//! The accepted form of a `HardeningPolicy`: every default filled in.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use kube::Resource;
use serde::{Deserialize, Serialize};

use super::{
    amounts::{Resources, amounts},
    exposure::ExposureRules,
    names,
    pod_selection::PodSelection,
    quantity::Quantity,
    review::{Rejection, Review},
    schema,
};
use crate::api::{
    DriftPolicy, ExposurePolicy, HardeningPolicy, HardeningPolicySpec, PlacementPolicy, Platform, PodPeer, PullPolicy,
};

/// What the platform decides, ready to be applied to an app.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Name of the object; `built-in` where there is none.
    pub name: String,
    pub(super) allowed_registries: Vec<String>,
    pub(super) require_digest: bool,
    pub(super) pull_secrets: Vec<String>,
    pub(super) pull: Option<PullPolicy>,
    pub(super) defaults: Resources,
    pub(super) maximum: [Option<Quantity>; 3],
    pub(super) dns: Dns,
    pub(super) cluster_cidrs: Vec<IpNet>,
    pub(super) monitoring: Vec<PodSelection>,
    pub(super) monitoring_addresses: Vec<IpNet>,
    pub(super) encrypted_classes: Vec<String>,
    pub(super) placement: PlacementPolicy,
    pub(super) exposure: ExposureRules,
    pub(super) drift: DriftPolicy,
}

/// DNS servers that pods may query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// Servers that run as pods.
    pub peers: Vec<PodSelection>,
    /// Servers that have only an address.
    pub cidrs: Vec<IpNet>,
    /// Ports, UDP and TCP.
    pub ports: Vec<u16>,
}

impl Dns {
    /// The DNS servers of OpenShift: their pods listen on another port than their Service.
    fn of_openshift() -> Self {
        Self {
            peers: vec![PodSelection {
                namespace: "openshift-dns".to_owned(),
                labels: BTreeMap::from([("dns.operator.openshift.io/daemonset-dns".to_owned(), "default".to_owned())]),
            }],
            cidrs: Vec::new(),
            ports: vec![5353],
        }
    }
}

impl Default for Policy {
    /// The built-in policy: strict where that costs nothing, permissive where only the platform team knows the limits.
    fn default() -> Self {
        Self {
            name: "built-in".to_owned(),
            allowed_registries: Vec::new(),
            require_digest: false,
            pull_secrets: Vec::new(),
            pull: None,
            defaults: Resources {
                cpu: Quantity::milli(100),
                memory: Quantity::mebi(128),
                ephemeral_storage: Quantity::mebi(256),
            },
            maximum: [None; 3],
            dns: Dns {
                peers: vec![PodSelection {
                    namespace: "kube-system".to_owned(),
                    labels: BTreeMap::from([("k8s-app".to_owned(), "kube-dns".to_owned())]),
                }],
                // NodeLocal DNS listens on this address of every node; no pod selector matches it.
                cidrs: vec![IpNet::from(IpAddr::from([169, 254, 20, 10]))],
                ports: vec![53],
            },
            cluster_cidrs: Vec::new(),
            monitoring: Vec::new(),
            monitoring_addresses: Vec::new(),
            encrypted_classes: Vec::new(),
            placement: PlacementPolicy::default(),
            exposure: ExposureRules::default(),
            drift: DriftPolicy::default(),
        }
    }
}

impl Policy {
    /// DNS servers that pods may query.
    #[must_use]
    pub const fn dns(&self) -> &Dns {
        &self.dns
    }

    /// Checks a policy and fills in its defaults.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn accept(policy: &HardeningPolicy) -> Result<Self, Vec<Rejection>> {
        let mut review = Review::default();
        let built_in = Self::default();
        let spec = &policy.spec;
        let defaults = amounts(spec.resources.defaults.as_ref(), "spec.resources.defaults", &mut review);
        let [cpu, memory, ephemeral_storage] = defaults;
        let accepted = Self {
            name: policy.metadata.name.clone().unwrap_or_default(),
            allowed_registries: spec.images.allowed_registries.clone(),
            require_digest: spec.images.require_digest,
            pull_secrets: spec.images.pull_secrets.clone(),
            pull: spec.images.pull_policy,
            defaults: Resources {
                cpu: cpu.unwrap_or(built_in.defaults.cpu),
                memory: memory.unwrap_or(built_in.defaults.memory),
                ephemeral_storage: ephemeral_storage.unwrap_or(built_in.defaults.ephemeral_storage),
            },
            maximum: amounts(spec.resources.maximum.as_ref(), "spec.resources.maximum", &mut review),
            dns: dns(policy, built_in.dns, &mut review),
            cluster_cidrs: cidrs(&spec.network.cluster_cidrs, "spec.network.clusterCIDRs", &mut review),
            monitoring: selections(&spec.network.monitoring, "spec.network.monitoring", &mut review),
            monitoring_addresses: addresses(
                &spec.network.monitoring_cidrs,
                "spec.network.monitoringCIDRs",
                &mut review,
            ),
            encrypted_classes: spec.storage.encrypted_classes.clone(),
            placement: spec.placement.clone(),
            exposure: exposure(&spec.exposure, &mut review),
            drift: spec.drift.clone(),
        };
        names_of(spec, &mut review);
        schema::bounds(&HardeningPolicy::kind(&()), spec, &mut review);
        review.into_findings().map(|_| accepted)
    }
}

/// Names and labels that the API server would refuse in every child.
fn names_of(spec: &HardeningPolicySpec, review: &mut Review) {
    for (index, secret) in spec.images.pull_secrets.iter().enumerate() {
        names::of_object("Secret", secret, format!("spec.images.pullSecrets[{index}]"), review);
    }
    for (index, class) in spec.storage.encrypted_classes.iter().enumerate() {
        names::of_object("StorageClass", class, format!("spec.storage.encryptedClasses[{index}]"), review);
    }
    if let Some(class) = &spec.placement.priority_class {
        names::of_object("PriorityClass", class, "spec.placement.priorityClass", review);
    }
    for device in &spec.placement.devices {
        let path = format!("spec.placement.devices[{}]", device.resource);
        if !device.resource.contains('/') {
            review.reject(format!("{path}.resource"), "no domain in it", "write one such as nvidia.com/gpu");
        }
        names::of_labels(&device.node_selector, &format!("{path}.nodeSelector"), review);
        for (index, toleration) in device.tolerations.iter().enumerate() {
            let value = toleration.value.as_deref().unwrap_or_default();
            names::of_label(&toleration.key, value, format!("{path}.tolerations[{index}].key"), review);
        }
        if let Some(class) = &device.runtime_class {
            names::of_object("RuntimeClass", class, format!("{path}.runtimeClass"), review);
        }
    }
}

fn dns(policy: &HardeningPolicy, built_in: Dns, review: &mut Review) -> Dns {
    let Some(dns) = &policy.spec.network.dns else {
        return match policy.spec.placement.platform {
            Platform::Kubernetes => built_in,
            Platform::OpenShift => Dns::of_openshift(),
        };
    };
    Dns {
        peers: selections(&dns.peers, "spec.network.dns.peers", review),
        cidrs: cidrs(&dns.cidrs, "spec.network.dns.cidrs", review),
        ports: match dns.ports.iter().filter_map(|port| u16::try_from(*port).ok()).collect::<Vec<_>>() {
            ports if ports.is_empty() => built_in.ports,
            ports => ports,
        },
    }
}

fn exposure(given: &ExposurePolicy, review: &mut Review) -> ExposureRules {
    let controllers = selections(&given.controllers, "spec.exposure.controllers", review);
    let addresses = cidrs(&given.controller_cidrs, "spec.exposure.controllerCIDRs", review);
    ExposureRules::accept(given, controllers, addresses, review)
}

fn selections(peers: &[PodPeer], path: &str, review: &mut Review) -> Vec<PodSelection> {
    for (index, _) in peers.iter().enumerate().filter(|(_, peer)| peer.pod_labels.is_empty()) {
        review.reject(
            format!("{path}[{index}].podLabels"),
            "no labels would select every pod",
            "name the labels of the pods",
        );
    }
    for (index, peer) in peers.iter().enumerate() {
        names::of_namespace(&peer.namespace, format!("{path}[{index}].namespace"), review);
        names::of_labels(&peer.pod_labels, &format!("{path}[{index}].podLabels"), review);
    }
    peers
        .iter()
        .map(|peer| PodSelection { namespace: peer.namespace.clone(), labels: peer.pod_labels.clone() })
        .collect()
}

/// Ranges of one address each: pods on the network of a node can't be told from other processes there by anything else.
fn addresses(texts: &[String], path: &str, review: &mut Review) -> Vec<IpNet> {
    let parsed = cidrs(texts, path, review);
    for range in parsed.iter().filter(|range| range.prefix_len() != range.max_prefix_len()) {
        review.reject(path, format!("{range} is more than one address"), "write single addresses such as 192.0.2.7/32");
    }
    parsed
}

fn cidrs(texts: &[String], path: &str, review: &mut Review) -> Vec<IpNet> {
    let mut parsed = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match text.parse::<IpNet>() {
            Ok(cidr) => parsed.push(cidr.trunc()),
            Err(_) => review.reject(
                format!("{path}[{index}]"),
                format!("'{text}' is not an address range"),
                "write one such as 10.0.0.0/8",
            ),
        }
    }
    parsed
}
