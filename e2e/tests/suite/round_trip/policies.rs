//! Generated policies.

use serde_json::{Value, json};

use super::texts::{BYTES, CPU, quantity};
use crate::tamper::set;
use e2e::Random;

/// A policy that allows the generated apps, and decides what a policy can decide about children.
pub(super) fn generate(random: &mut Random) -> Value {
    let mut spec = json!({ "placement": { "devices": [
        { "resource": "nvidia.com/gpu", "nodeSelector": { "nvidia.com/gpu.present": "true" }, "tolerations": [
            { "key": "nvidia.com/gpu" }, { "key": "gpu", "value": "" }, { "key": "gpu", "value": "a100" },
        ], "runtimeClass": "nvidia" },
        { "resource": "example.com/fpga" },
    ] } });
    if random.once_in(3) {
        set(
            &mut spec,
            "/images",
            json!({ "pullSecrets": ["registry", "a.b"], "pullPolicy": random.pick(&["Always", "IfNotPresent"]) }),
        );
    }
    if random.once_in(3) {
        set(&mut spec, "/placement/platform", json!("OpenShift"));
    }
    if random.once_in(3) {
        set(&mut spec, "/placement/priorityClass", json!("shop-high"));
    }
    if random.once_in(2) {
        set(
            &mut spec,
            "/network",
            json!({
                "monitoring": [{ "namespace": "monitoring", "podLabels": { "app.kubernetes.io/name": "prometheus" } }],
                "clusterCIDRs": random.pick(&[&["10.0.0.0/8"][..], &["10.1.2.3/8", "fd00::/8"], &["100.64.0.0/10", "FD00:1:0::/48"]]),
            }),
        );
    }
    if random.once_in(3) {
        let dns = match random.below(3) {
            0 => json!({ "cidrs": ["169.254.20.10/32", "FD00::A/128", "10.0.0.10/24"], "ports": [53, 5353] }),
            1 => json!({ "peers": [{ "namespace": "kube-system", "podLabels": { "k8s-app": "kube-dns", "x": "" } }] }),
            _ => json!({ "peers": [], "cidrs": [] }),
        };
        if spec.get("network").is_none() {
            set(&mut spec, "/network", json!({}));
        }
        set(&mut spec, "/network/dns", dns);
    }
    if random.once_in(3) {
        // Amounts that are too large or zero are no policy.
        let cpu = format!("1{}", quantity(random, &CPU[..3]));
        let memory = format!("1{}", quantity(random, &BYTES[2..4]));
        set(
            &mut spec,
            "/resources",
            json!({ "defaults": { "cpu": cpu, "memory": memory.replace(".123456789123", "") } }),
        );
    }
    set(&mut spec, "/exposure", super::exposures::policy(random));
    json!({ "metadata": { "name": "generated" }, "spec": spec })
}
