//! One component of a `HardenedApp`: what runs, how many pods run, and which connections they may open.
//!
//! Every list and string has a maximum size, because the API server estimates the cost of CEL rules by the worst case.
//! [`crate::app`] checks the rules that compare two places of the object; its messages have the same form.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{
    environment::EnvVar,
    image,
    mount::{ClaimVolume, ConfigMount, WritablePath},
    network::{AppPeer, Egress},
    probe::Probes,
};

/// One image, and everything its process may do.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(has(self.replicas) && has(self.autoscaling))").message("give replicas or autoscaling, not both"))]
pub struct Component {
    /// Name within the app; the children are named `<app>-<name>`. `migrate` and `preflight` are reserved.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(
        validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use lower-case letters, digits and '-', starting with a letter and not ending with '-'"),
        validation = Rule::new("!(self in ['migrate', 'preflight'])").message("'migrate' and 'preflight' are reserved: choose another name")
    )]
    pub name: String,

    /// Image reference with a tag other than `latest`, a digest, or both: `registry.example.com/shop:1.4@sha256:…`.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(
        validation = image::is_reference(),
        validation = image::has_registry(),
        validation = image::has_version(),
        validation = image::is_not_latest()
    )]
    pub image: String,

    /// Replaces the image's entrypoint. An argument list, never a shell line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    pub command: Vec<String>,

    /// Replaces the image's default arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    pub args: Vec<String>,

    /// User id of the process. Above 10000, so that it isn't the id of a user of the node; 65532 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    #[x_kube(validation = Rule::new("self > 10000").message("use a user id above 10000, or leave it out for 65532"))]
    pub user: Option<i64>,

    /// Group id of the process and of its volumes. Above 10000; the same as `user` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    #[x_kube(validation = Rule::new("self > 10000").message("use a group id above 10000, or leave it out for the user id"))]
    pub group: Option<i64>,

    /// Ports the process listens on. If at least one is given, the component has a Service `<app>-<name>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub ports: Vec<ComponentPort>,

    /// Number of pods; 2 if not given, 1 with devices or a volume that isn't shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub replicas: Option<i32>,

    /// Scales the number of pods with the load, instead of `replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,

    /// Resources of each pod, used as requests and as limits. Amounts that aren't given come from the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceAmounts>,

    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub env: Vec<EnvVar>,

    /// ConfigMaps to mount, read-only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub config: Vec<ConfigMount>,

    /// Secrets to mount, read-only, at `/run/secrets/<name>`. Their files are updated on rotation, without a restart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 63)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new("self.all(name, name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))").message("use names of Secrets: lower-case letters, digits, '-' and '.'")
    )]
    pub secrets: Vec<String>,

    /// Directories the process may write to, each of limited size and empty at start. `/tmp` (64Mi) is always there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".to_string()]))]
    pub writable_paths: Vec<WritablePath>,

    /// Existing PersistentVolumeClaims of this namespace to mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub volumes: Vec<ClaimVolume>,

    /// Devices per pod by resource name, such as `nvidia.com/gpu: 1`. The policy decides where such pods run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 4))]
    pub devices: BTreeMap<String, i32>,

    /// Name of the port that serves metrics. The monitoring pods that the policy names, if any, may connect to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 15))]
    pub metrics_port: Option<String>,

    /// Health checks. A check that isn't given connects to the first TCP port; without a TCP port it doesn't exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,

    /// Names of components and databases of this app that this one calls. Opens its egress and their ingress.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 20)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub connects_to: Vec<String>,

    /// Components and managed databases of other apps that this one calls. Opens its egress; the other app must allow it with
    /// `allowFrom`. To a database of `pods` or outside the cluster no app leads: name it under `databases` of this one, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub connects_to_apps: Vec<AppPeer>,

    /// Components of other apps that may call this one, on all its ports. The other app must list this component under
    /// `connectsToApps`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub allow_from: Vec<AppPeer>,

    /// Addresses outside the cluster that the component calls over TCP. Cluster and metadata addresses are always
    /// excluded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub egress: Vec<Egress>,
}

/// A number of pods that an autoscaler adapts to the load.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[x_kube(
    validation = Rule::new("self.min <= self.max").message("max must be at least min"),
    validation = Rule::new("has(self.cpu) || has(self.memory)").message("give the load to scale on: cpu, memory or both")
)]
pub struct Autoscaling {
    /// Fewest pods.
    #[schemars(range(min = 1, max = 100))]
    pub min: i32,
    /// Most pods.
    #[schemars(range(min = 1, max = 100))]
    pub max: i32,
    /// CPU use, in percent of the pods' requests, above which pods are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub cpu: Option<i32>,
    /// Memory use, in percent of the pods' requests, above which pods are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub memory: Option<i32>,
}

/// A port the process listens on; the Service has the same number.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct ComponentPort {
    /// Name of the port; probes refer to it.
    #[schemars(length(min = 1, max = 15))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.matches('[a-z]') && !self.contains('--')")
        .message("use lower-case letters, digits and single '-', with at least one letter"))]
    pub name: String,
    /// Port number from 1024 to 65535: a process that is not root can't listen below.
    #[schemars(range(max = 65535))]
    #[x_kube(validation = Rule::new("self >= 1024").message("use a port from 1024 up: a process that is not root can't listen below"))]
    pub port: i32,
    /// Transport protocol.
    #[serde(default)]
    pub protocol: Protocol,
}

/// Transport protocol of a port.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// Amounts of the three resources, as Kubernetes quantities.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAmounts {
    /// CPU in cores: `100m`, `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 100m or 2"))]
    pub cpu: Option<String>,
    /// Memory in bytes: `128Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 128Mi"))]
    pub memory: Option<String>,
    /// Local disk in bytes, besides the writable paths: `256Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 256Mi"))]
    pub ephemeral_storage: Option<String>,
}
