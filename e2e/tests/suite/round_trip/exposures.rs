//! Generated exposures, and what policies say about them.

use serde_json::{Value, json};

use super::texts::{BYTES, quantity};
use crate::tamper::set;
use e2e::Random;

/// Hosts of components that have a port of TCP.
pub(super) fn generate(random: &mut Random, components: &[Value]) -> Vec<Value> {
    let is_tcp = |port: &&Value| port.get("protocol") != Some(&json!("UDP"));
    let ports = components.iter().filter_map(|component| {
        let port = component.get("ports").and_then(Value::as_array)?.iter().find(is_tcp)?;
        Some((component["name"].clone(), port["name"].clone()))
    });
    let ports: Vec<(Value, Value)> = ports.collect();
    if ports.is_empty() {
        return Vec::new();
    }
    (0..=random.below(3)).map(|number| exposure(random, number, &ports)).collect()
}

fn exposure(random: &mut Random, number: usize, ports: &[(Value, Value)]) -> Value {
    let paths = ["/", "/api", "/a/b-c_d~e.f", "/0", "/A"];
    let mut routes = Vec::new();
    for (path, (component, port)) in paths.iter().zip(ports.iter().cycle()).take(1 + random.below(paths.len())) {
        let mut route = json!({ "path": path, "component": component });
        if random.once_in(2) {
            set(&mut route, "/port", port.clone());
        }
        routes.push(route);
    }
    let domain = random.pick(&["example.com", "xn--bcher-kva.example.com", "0.example.com"]);
    let mut exposure = json!({ "host": format!("h{number}.{domain}"), "routes": routes });
    let days = 180 + random.below(3000);
    let headers = json!({
        "strictTransportSecurity": { "maxAgeDays": days, "includeSubDomains": random.once_in(2) },
        "contentSecurityPolicy": random.pick(&["default-src 'none'", "default-src 'self'; img-src * data:; style-src 'self' 'unsafe-inline'"]),
        "frameOptions": random.pick(&["DENY", "SAMEORIGIN"]),
        "referrerPolicy": random.pick(&["no-referrer", "same-origin", "strict-origin"]),
        "permissionsPolicy": "camera=(self), microphone=(), geolocation=(), usb=()",
    });
    let optional = [
        ("/headers", headers),
        ("/minTLSVersion", json!(random.pick(&["1.2", "1.3"]))),
        ("/rateLimit", json!({ "requestsPerSecond": 1 + random.below(9), "burst": random.below(3) })),
        ("/maxBodySize", json!(quantity(random, &BYTES))),
        ("/allowCIDRs", json!(["203.0.113.9/24", "2001:DB8::/64"])),
        ("/backendTLS", json!({ "hostname": "a.b", random.pick(&["caConfigMap", "caConfigMap", "caSecret"]): "ca.x" })),
    ];
    for (field, value) in optional {
        if random.once_in(if field == "/backendTLS" { 3 } else { 5 }) {
            set(&mut exposure, field, value);
        }
    }
    exposure
}

/// A policy with one of the ways to configure a controller.
pub(super) fn policy(random: &mut Random) -> Value {
    let mut policy = json!({
        "allowedHosts": ["*.example.com", "*.*.example.com"],
        "issuers": [{ "name": "letsencrypt", "kind": random.pick(&["Issuer", "ClusterIssuer"]) }],
        "enforces": {
            "minTLSVersion": "1.3", "redirect": true, "headers": true, "maxBodySize": "1",
            "rateLimit": { "requestsPerSecond": 1, "burst": 0 },
        },
        "controllers": [{ "namespace": "edge", "podLabels": { "app": "envoy" } }],
        "controllerCIDRs": ["192.0.2.7/28", "FD00::7/128"],
    });
    match random.below(10) {
        0 => set(&mut policy, "/gateway", json!({ "name": "edge.a", "namespace": "edge", "httpsListener": "tls.a" })),
        1..=3 => set(&mut policy, "/gateway", json!({ "name": "edge", "namespace": "edge", "listeners": "App" })),
        4 => set(&mut policy, "/ingress", json!({ "className": "a.b" })),
        5 | 6 => set(&mut policy, "/ingress", json!({ "className": "edge", "profile": "Contour" })),
        _ => set(&mut policy, "/ingress", json!({ "className": "edge", "profile": "Traefik" })),
    }
    policy
}
