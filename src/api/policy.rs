//! `HardeningPolicy`: what the platform decides for all apps of a namespace.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{component::ResourceAmounts, exposure_policy::ExposurePolicy, hardened_app::DriftMode, pod_peer::PodPeer};

/// Limits and defaults of the platform team.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "hardened.dev",
    version = "v1alpha1",
    kind = "HardeningPolicy",
    plural = "hardeningpolicies",
    derive = "Default",
    derive = "PartialEq",
    category = "hardened",
    doc = "A HardeningPolicy holds what the platform decides for apps. A namespace picks one by its label hardened.dev/policy; without it the policy named default applies; without that, the built-in one.",
    printcolumn(name = "Digests", type_ = "boolean", json_path = ".spec.images.requireDigest"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct HardeningPolicySpec {
    /// Where images may come from and how they are pulled.
    #[serde(default)]
    pub images: ImagePolicy,

    /// Resources of pods whose component gives none, and the most that a component may ask for.
    #[serde(default)]
    pub resources: ResourcePolicy,

    /// Facts about the cluster's network.
    #[serde(default)]
    pub network: NetworkPolicySettings,

    /// Where the data of managed databases may be.
    #[serde(default)]
    pub storage: StoragePolicy,

    /// Platform, priority and nodes of pods.
    #[serde(default)]
    pub placement: PlacementPolicy,

    /// What leads from outside the cluster to apps.
    #[serde(default)]
    pub exposure: ExposurePolicy,

    /// What the operator does about deviations of live objects from what is declared.
    #[serde(default)]
    pub drift: DriftPolicy,
}

/// Where images may come from and how they are pulled.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicy {
    /// Registries, or registry and path, that images must come from: `registry.example.com/team`.
    /// An image that names no registry is refused then. Empty allows all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 256)))]
    pub allowed_registries: Vec<String>,
    /// Whether every image must carry a digest.
    #[serde(default)]
    pub require_digest: bool,
    /// Names of Secrets with registry credentials, put into every pod.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(min = 1, max = 253)))]
    pub pull_secrets: Vec<String>,
    /// When the node asks the registry. If not given: `IfNotPresent` for images with a digest, `Always` for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<PullPolicy>,
}

// `kubectl explain` shows this text, not that of the field `pullPolicy`.
/// When the node asks the registry for an image. `Always`: at every start, so that credentials are checked again, and a
/// registry outage prevents restarts. `IfNotPresent`: only if the node has no copy. If not given: `IfNotPresent` for
/// images with a digest, `Always` for the others.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullPolicy {
    /// At every start: credentials are checked again, and a registry outage prevents restarts.
    Always,
    /// Only if the node has no copy.
    IfNotPresent,
}

/// Resources of pods whose component gives none, and the most that a component may ask for.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct ResourcePolicy {
    /// For components that give none. Amounts not given here: 100m CPU, 128Mi memory, 256Mi ephemeral storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<ResourceAmounts>,
    /// The most a component may ask for; no limit for amounts not given here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<ResourceAmounts>,
}

/// Facts about the cluster's network.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPolicySettings {
    /// DNS servers that pods may query. If not given: kube-dns and the address of NodeLocal DNS, on the platform OpenShift
    /// its DNS pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<DnsPolicy>,
    /// Pods that scrape metrics: they may reach the `metricsPort` of every component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub monitoring: Vec<PodPeer>,
    /// Single addresses from which metrics are scraped, for monitoring on the network of a node: such pods have no address of their
    /// own. They may reach the `metricsPort` of every component, too.
    #[serde(default, rename = "monitoringCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 3, max = 49)))]
    #[x_kube(validation = Rule::new("self.all(range, isCIDR(range) && cidr(range).prefixLength() == (cidr(range).ip().family() == 4 ? 32 : 128))").message("write single addresses such as 192.0.2.7/32"))]
    pub monitoring_cidrs: Vec<String>,
    /// Address ranges of pods, Services and nodes, which are excluded from every `egress` of a component.
    /// Where it names none of IPv4 or of IPv6, all private ranges of that family count as the cluster's; without an IPv6 range, egress to
    /// `::/0` is the finding `cluster-range-unknown`.
    #[serde(default, rename = "clusterCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 3, max = 49)))]
    #[x_kube(validation = Rule::new("self.all(range, isCIDR(range))").message("write address ranges such as 10.0.0.0/8"))]
    pub cluster_cidrs: Vec<String>,
}

/// DNS servers that pods may query.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct DnsPolicy {
    /// DNS servers that run as pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub peers: Vec<PodPeer>,
    /// DNS servers that have only an address, such as NodeLocal DNS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(min = 3, max = 49)))]
    #[x_kube(validation = Rule::new("self.all(range, isCIDR(range))").message("write address ranges such as 169.254.20.10/32"))]
    pub cidrs: Vec<String>,
    /// Ports of the pods, UDP and TCP (not of their Service); 53 if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), inner(range(min = 1, max = 65535)))]
    pub ports: Vec<i32>,
}

/// What the operator does about deviations of live objects from what is declared.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DriftPolicy {
    /// Applies to apps that give no mode; `Enforce` if not given. `Observe` here also allows every app to choose it.
    #[serde(default)]
    pub mode: DriftMode,
    /// Whether an app may choose `drift.mode: Observe`.
    #[serde(default)]
    pub allow_observe: bool,
    /// Whether the annotation `hardened.dev/paused: "true"` on an app stops all writes to its objects.
    #[serde(default)]
    pub allow_pause: bool,
    /// Additions by other field managers that the operator doesn't revert. Never applies to fields that the operator
    /// sets itself, nor to dangerous additions such as containers, volumes or host access.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub tolerated_paths: Vec<ToleratedPath>,
}

/// A field that other field managers may add.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ToleratedPath {
    /// Kind of the child object, such as `Deployment`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Path as the status shows it, such as `spec.minReadySeconds`; fields below it are included.
    #[schemars(length(min = 1, max = 256))]
    pub path: String,
}

/// Where the data of managed databases may be.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StoragePolicy {
    /// StorageClasses whose volumes are encrypted. If one is named here, a managed database must name one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 253)))]
    pub encrypted_classes: Vec<String>,
}

/// Platform, priority and nodes of pods.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PlacementPolicy {
    /// What kind of cluster it is. `Kubernetes`: pods have the user and group that the app gives. `OpenShift`: users,
    /// groups and SELinux options are left out, because the namespace's security context constraints assign them.
    #[serde(default)]
    pub platform: Platform,
    /// PriorityClass of every pod; it must exist, or no pod can be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub priority_class: Option<String>,
    /// Devices that apps may ask for, and where pods with them run. A device that isn't listed is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["resource".to_string()]))]
    pub devices: Vec<DevicePlacement>,
}

/// What kind of cluster it is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Pods have the user and group that the app gives.
    #[default]
    Kubernetes,
    /// Users, groups and SELinux options are left out: the namespace's security context constraints assign them.
    OpenShift,
}

/// Where pods with a device run.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DevicePlacement {
    /// Resource name of the device, such as `nvidia.com/gpu`.
    #[schemars(length(min = 3, max = 253))]
    #[x_kube(validation = Rule::new("self.contains('/')").message("write the resource name with its domain, such as nvidia.com/gpu"))]
    pub resource: String,
    /// Labels of the nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 8, "additionalProperties" = { "type": "string", "maxLength": 63 }))]
    pub node_selector: BTreeMap<String, String>,
    /// Taints of these nodes that the pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub tolerations: Vec<Toleration>,
    /// RuntimeClass of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub runtime_class: Option<String>,
}

/// A taint that a pod tolerates.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Toleration {
    /// Key of the taint.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
    /// Value of the taint; any if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
}
