//! Contour: `HTTPProxy` has all but a limit of bodies. HTTP is redirected with status 301 unless a route permits it.

use serde_json::{Value, json};

use super::{
    feature::Feature,
    parts::{Profile, backend, header_list},
};
use crate::{
    app::{Exposure, REMOVED_HEADERS, Release},
    desired::json::insert,
    release::Target,
};

pub(super) const PROFILE: Profile = Profile {
    name: "Contour",
    enforces: &[
        Feature::MinTls,
        Feature::Redirect,
        Feature::Headers,
        Feature::RateLimit,
        Feature::Clients,
        Feature::BackendTlsBySecret,
    ],
};

/// The proxy of a host.
pub(super) fn http_proxy(target: &Target, exposure: &Exposure, runs: &Release, class: &str) -> Value {
    let mut host = json!({
        "fqdn": exposure.host,
        "tls": {
            "secretName": exposure.certificate.secret().unwrap_or_default(),
            "minimumProtocolVersion": exposure.min_tls,
        },
    });
    if let Some(limit) = exposure.rate_limit {
        let local = json!({ "requests": limit.requests_per_second, "unit": "second" });
        insert(&mut host, "rateLimitPolicy", json!({ "local": local }));
        if limit.burst > 0
            && let Some(local) = host.pointer_mut("/rateLimitPolicy/local")
        {
            insert(local, "burst", json!(limit.burst));
        }
    }
    if !exposure.clients.is_empty() {
        // The address of the connection: a header can be forged.
        let allowed = exposure.clients.iter().map(|range| json!({ "source": "Peer", "cidr": range.to_string() }));
        insert(&mut host, "ipAllowPolicy", json!(allowed.collect::<Vec<_>>()));
    }
    let routes: Vec<Value> = exposure
        .paths
        .iter()
        .map(|path| {
            let (service, port) = backend(target, path, runs);
            let mut service = json!({ "name": service, "port": port });
            if let Some(tls) = &exposure.backend_tls {
                insert(&mut service, "protocol", json!("tls"));
                let secret = tls.ca_secret.as_deref().unwrap_or_default();
                insert(&mut service, "validation", json!({ "caSecret": secret, "subjectName": tls.hostname }));
            }
            json!({
                "conditions": [{ "prefix": path.path }],
                "services": [service],
                "responseHeadersPolicy": { "set": header_list(exposure), "remove": REMOVED_HEADERS },
            })
        })
        .collect();
    json!({ "spec": { "ingressClassName": class, "virtualhost": host, "routes": routes } })
}
