//! What is mounted into a component's pods.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// A ConfigMap mounted read-only.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMount {
    /// Name of the ConfigMap.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a ConfigMap: lower-case letters, digits, '-' and '.'"))]
    pub config_map: String,
    /// Where its keys appear as files: an absolute path.
    #[schemars(length(min = 2, max = 256))]
    pub mount_path: String,
}

/// A directory the process may write to: node-local, empty at start, limited.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WritablePath {
    /// Absolute path of the directory.
    #[schemars(length(min = 2, max = 256))]
    pub path: String,
    /// Maximum size of its content; a pod that writes more is evicted.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 64Mi"))]
    pub size: String,
}

/// An existing PersistentVolumeClaim.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct ClaimVolume {
    /// Name of the volume within the component.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use lower-case letters, digits and '-', starting with a letter"))]
    pub name: String,
    /// Where it is mounted: an absolute path.
    #[schemars(length(min = 2, max = 256))]
    pub path: String,
    /// Name of the claim.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')").message("use the name of a PersistentVolumeClaim: lower-case letters, digits, '-' and '.'"))]
    pub claim: String,
    /// Whether several pods may mount it at once (access mode ReadWriteMany). If not, the component has one pod, and a
    /// rollout deletes the old pod before it creates the new one.
    #[serde(default)]
    pub shared: bool,
}
