//! Connections of a component to and from other apps, and to addresses outside the cluster.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// A component of another app.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct AppPeer {
    /// Namespace of the other app; this app's own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a namespace"))]
    pub namespace: Option<String>,
    /// Name of the other HardenedApp.
    #[schemars(length(min = 1, max = 30))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a HardenedApp"))]
    pub app: String,
    /// Name of its component.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a component"))]
    pub component: String,
}

/// A range of addresses outside the cluster, and the TCP ports used there.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct Egress {
    /// Address range, IPv4 or IPv6: `203.0.113.0/24`.
    #[schemars(length(min = 3, max = 49))]
    #[x_kube(validation = Rule::new("isCIDR(self)").message("write an address range such as 203.0.113.0/24"))]
    pub cidr: String,
    /// TCP ports.
    #[schemars(length(min = 1, max = 16), inner(range(min = 1, max = 65535)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub ports: Vec<i32>,
}
