//! Mistakes of the platform team in the HardeningPolicy of a namespace with a ready app. The status of the app reports them.

use super::row::Caught::{ByOperator, ByServer, Unreadable};
use super::row::{Row, policy};

const LABELS: &str =
    "spec.network.monitoring[0].podLabels: no labels would select every pod; name the labels of the pods";

pub(super) const ROWS: &[Row] = &[
    policy(
        "an address in place of the cluster's range",
        "network: {clusterCIDRs: [10.0.0.1]}",
        ByServer(
            "spec.network.clusterCIDRs: … write address ranges such as 10.0.0.0/8",
            "spec.network.clusterCIDRs[0]: '10.0.0.1' is not an address range; write one such as 10.0.0.0/8",
        ),
    ),
    policy(
        "a DNS server by name",
        "network: {dns: {cidrs: [dns.example.com]}}",
        ByServer(
            "spec.network.dns.cidrs: … write address ranges such as 169.254.20.10/32",
            "spec.network.dns.cidrs[0]: 'dns.example.com' is not an address range; write one such as",
        ),
    ),
    policy(
        "a DNS port 0",
        "network: {dns: {ports: [0]}}",
        ByServer(
            "spec.network.dns.ports[0]: … greater than or equal to 1",
            "spec.network.dns.ports[0]: 0 is too small; give at least 1",
        ),
    ),
    policy(
        "a maximum of nothing",
        "resources: {maximum: {cpu: '0'}}",
        ByServer(
            "spec.resources.maximum.cpu: … write a quantity above 0 such as 100m",
            "spec.resources.maximum.cpu: '0' is not a quantity above 0; write one such as 100m",
        ),
    ),
    policy(
        "a device without its domain",
        "placement: {devices: [{resource: gpu}]}",
        ByServer(
            "spec.placement.devices[0].resource: … write the resource name with its domain, such as nvidia.com/gpu",
            "spec.placement.devices[gpu].resource: no domain in it; write one such as nvidia.com/gpu",
        ),
    ),
    policy(
        "a word that isn't known",
        "images: {pullPolicy: Never}",
        Unreadable(
            "spec.images.pullPolicy: Unsupported value … \"Always\", \"IfNotPresent\"",
            "spec.images.pullPolicy: not one of the allowed values; write Always or IfNotPresent",
        ),
    ),
    policy(
        "a policy's field that is misspelt",
        "images: {requireDigests: true}",
        Unreadable(
            ".spec.images.requireDigests: field not declared in schema",
            "spec.images.requireDigests: unknown field; correct its spelling, or remove it",
        ),
    ),
    policy(
        "a defaults' list that is text",
        "images: {allowedRegistries: registry.example.com}",
        Unreadable(
            ".spec.images.allowedRegistries: expected list",
            "spec.images.allowedRegistries: not a list; begin each member with '-'",
        ),
    ),
    policy(
        "monitoring by every pod of a namespace",
        "network: {monitoring: [{namespace: monitoring, podLabels: {}}]}",
        ByOperator(LABELS),
    ),
    policy(
        "monitoring by a label that is none",
        "network: {monitoring: [{namespace: monitoring, podLabels: {app: 'a b'}}]}",
        ByOperator("spec.network.monitoring[0].podLabels[app]: not a label; use letters, digits, '-', '_' and '.'"),
    ),
    policy(
        "monitoring in any namespace",
        "network: {monitoring: [{namespace: '*', podLabels: {app: prometheus}}]}",
        ByOperator("spec.network.monitoring[0].namespace: not a name of a namespace; use lower-case letters"),
    ),
    policy(
        "a pull secret that could be none",
        "images: {pullSecrets: [Registry_Login]}",
        ByOperator("spec.images.pullSecrets[0]: not a name for a Secret; use lower-case letters"),
    ),
    policy(
        "a priority class that could be none",
        "placement: {priorityClass: High Priority}",
        ByOperator("spec.placement.priorityClass: not a name for a PriorityClass; use lower-case letters"),
    ),
    policy(
        "nodes by a label that is none",
        "placement: {devices: [{resource: nvidia.com/gpu, nodeSelector: {'pool of': gpus}}]}",
        ByOperator("spec.placement.devices[nvidia.com/gpu].nodeSelector[pool of]: not a label; use letters"),
    ),
    policy(
        "a taint that is none",
        "placement: {devices: [{resource: nvidia.com/gpu, tolerations: [{key: 'a=b'}]}]}",
        ByOperator("spec.placement.devices[nvidia.com/gpu].tolerations[0].key: not a label; use letters"),
    ),
];
