//! The Gateway API: routes that are attached to the platform's Gateway. It has no field for the version of TLS, nor for limits: the platform
//! configures these for the Gateway, and attests them.

use serde_json::{Value, json};

use super::{
    feature::Feature,
    parts::{Profile, backend, draft, header_list},
};
use crate::{
    api::{GatewayParent, Listeners},
    app::{ExposedPath, Exposure, REMOVED_HEADERS, Release},
    desired::draft::Draft,
    release::Target,
};

pub(super) const PROFILE: Profile =
    Profile { name: "Gateway", enforces: &[Feature::Redirect, Feature::Headers, Feature::BackendTlsByConfigMap] };

const GROUP: &str = "gateway.networking.k8s.io";

/// Names of listeners if the policy doesn't give others.
const HTTP: &str = "http";
const HTTPS: &str = "https";

/// Two routes for each host: one that serves, on the listener for HTTPS, and one that redirects, on that for HTTP.
pub(super) fn http_routes(target: &Target, exposure: &Exposure, runs: &Release, gateway: &GatewayParent) -> [Draft; 2] {
    let http = gateway.http_listener.as_deref().unwrap_or(HTTP);
    let https = match gateway.listeners {
        Listeners::Platform => of_gateway(gateway, gateway.https_listener.as_deref().unwrap_or(HTTPS)),
        Listeners::App => json!({
            "group": GROUP, "kind": "ListenerSet", "name": exposure.object_name(&target.id, ""), "sectionName": HTTPS,
        }),
    };
    let rule = |path: &ExposedPath| {
        let (service, port) = backend(target, path, runs);
        json!({
            "matches": [{ "path": { "type": "PathPrefix", "value": path.path } }],
            "filters": [{
                "type": "ResponseHeaderModifier",
                "responseHeaderModifier": { "set": header_list(exposure), "remove": REMOVED_HEADERS },
            }],
            "backendRefs": [{ "group": "", "kind": "Service", "name": service, "port": port, "weight": 1 }],
        })
    };
    let rules: Vec<Value> = exposure.paths.iter().map(rule).collect();
    // 301 is core; not every implementation has 308.
    let redirect = json!({
        "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
        "filters": [{ "type": "RequestRedirect", "requestRedirect": { "scheme": "https", "statusCode": 301 } }],
    });
    [
        draft(target, exposure, "", route(exposure, &https, &rules)),
        draft(target, exposure, "redirect", route(exposure, &of_gateway(gateway, http), &[redirect])),
    ]
}

fn route(exposure: &Exposure, parent: &Value, rules: &[Value]) -> Value {
    json!({ "spec": { "parentRefs": [parent], "hostnames": [exposure.host], "rules": rules } })
}

fn of_gateway(gateway: &GatewayParent, listener: &str) -> Value {
    json!({
        "group": GROUP, "kind": "Gateway", "name": gateway.name, "namespace": gateway.namespace, "sectionName": listener,
    })
}

/// A listener with a certificate of the app, where the platform's Gateway allows that.
pub(super) fn listener_set(target: &Target, exposure: &Exposure, gateway: &GatewayParent) -> Option<Draft> {
    let fields = json!({
        "spec": {
            "parentRef": { "group": GROUP, "kind": "Gateway", "name": gateway.name, "namespace": gateway.namespace },
            "listeners": [{
                "name": HTTPS,
                "hostname": exposure.host,
                "port": 443,
                "protocol": "HTTPS",
                "tls": {
                    "mode": "Terminate",
                    "certificateRefs": [{ "group": "", "kind": "Secret", "name": exposure.certificate.secret()? }],
                },
                "allowedRoutes": { "namespaces": { "from": "Same" } },
            }],
        },
    });
    Some(draft(target, exposure, "", fields))
}

/// How the certificates of components are verified.
pub(super) fn backend_tls_policies(target: &Target, exposure: &Exposure) -> Vec<Draft> {
    let Some(config_map) = exposure.backend_tls.as_ref().and_then(|tls| tls.ca_config_map.as_ref()) else {
        return Vec::new();
    };
    let hostname = exposure.backend_tls.as_ref().map(|tls| &tls.hostname);
    let policy = |path: &ExposedPath| {
        let service = target.id.child_name(&path.component);
        let fields = json!({
            "spec": {
                "targetRefs": [{ "group": "", "kind": "Service", "name": service, "sectionName": path.port }],
                "validation": {
                    "hostname": hostname,
                    "caCertificateRefs": [{ "group": "", "kind": "ConfigMap", "name": config_map }],
                },
            },
        });
        Draft::new(None, target.id.backend_policy(&path.component, &path.port), fields)
    };
    exposure.paths.iter().map(policy).collect()
}
