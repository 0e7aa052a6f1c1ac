//! Policies of other APIs, which add to NetworkPolicies or override them. What they open isn't judged.

/// Names of their CustomResourceDefinitions.
pub const OTHER_POLICIES: [&str; 12] = [
    "adminnetworkpolicies.policy.networking.k8s.io",
    "baselineadminnetworkpolicies.policy.networking.k8s.io",
    "clusternetworkpolicies.policy.networking.k8s.io",
    "ciliumnetworkpolicies.cilium.io",
    "ciliumclusterwidenetworkpolicies.cilium.io",
    "networkpolicies.crd.projectcalico.org",
    "globalnetworkpolicies.crd.projectcalico.org",
    "networkpolicies.projectcalico.org",
    "globalnetworkpolicies.projectcalico.org",
    "stagednetworkpolicies.projectcalico.org",
    "networkpolicies.crd.antrea.io",
    "clusternetworkpolicies.crd.antrea.io",
];

/// The API group in the name of a CustomResourceDefinition.
#[must_use]
pub fn group_of(definition: &str) -> Option<&str> {
    definition.split_once('.').map(|(_, group)| group)
}
