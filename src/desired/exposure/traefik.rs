//! Traefik: Ingresses that name objects of Traefik's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    feature::Feature,
    ingress,
    parts::{Profile, draft, header_map},
};
use crate::{
    api::TlsVersion,
    app::{Exposure, Release},
    desired::{draft::Draft, json::insert},
    release::Target,
};

pub(super) const PROFILE: Profile = Profile {
    name: "Traefik",
    enforces: &[
        Feature::MinTls,
        Feature::Redirect,
        Feature::Headers,
        Feature::RateLimit,
        Feature::MaxBodySize,
        Feature::Clients,
    ],
};

/// Annotations of Ingresses. The set is closed.
const ENTRY_POINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";
const TLS: &str = "traefik.ingress.kubernetes.io/router.tls";
const OPTIONS: &str = "traefik.ingress.kubernetes.io/router.tls.options";
const MIDDLEWARES: &str = "traefik.ingress.kubernetes.io/router.middlewares";

/// Names of Traefik's entry points, as its chart has them.
const HTTP: &str = "web";
const HTTPS: &str = "websecure";

/// What Traefik calls its own objects in Kubernetes.
const PROVIDER: &str = "kubernetescrd";

const REDIRECT: &str = "redirect";

/// Two for each host: one that serves by HTTPS, and one that redirects.
pub(super) fn ingresses(target: &Target, exposure: &Exposure, runs: &Release, class: &str) -> Vec<Draft> {
    let reference = |suffix: &str| reference(target, exposure, suffix);
    let wanted: Vec<String> = steps(exposure).into_iter().map(|(suffix, _)| reference(suffix)).collect();
    let options = format!("{}-{}@{PROVIDER}", target.id.namespace, exposure.object_name(&target.id, ""));
    let serves = BTreeMap::from([
        (ENTRY_POINTS, HTTPS.to_owned()),
        (TLS, "true".to_owned()),
        (OPTIONS, options),
        (MIDDLEWARES, wanted.join(",")),
    ]);
    let redirects = BTreeMap::from([(ENTRY_POINTS, HTTP.to_owned()), (MIDDLEWARES, reference(REDIRECT))]);
    [("", serves), (REDIRECT, redirects)]
        .into_iter()
        .map(|(suffix, annotations)| {
            let mut fields = ingress::ingress(target, exposure, runs, class);
            if suffix == REDIRECT
                && let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut)
            {
                spec.remove("tls");
            }
            Draft { annotations, ..draft(target, exposure, suffix, fields) }
        })
        .collect()
}

/// What each request passes, in this order, and what redirects.
pub(super) fn middlewares(target: &Target, exposure: &Exposure) -> Vec<Draft> {
    let redirect = (REDIRECT, json!({ "redirectScheme": { "scheme": "https", "permanent": true } }));
    let all = steps(exposure).into_iter().chain([redirect]);
    all.map(|(suffix, spec)| draft(target, exposure, suffix, json!({ "spec": spec }))).collect()
}

/// Who isn't let in costs no share of the rate; a response has its headers whatever has made it.
fn steps(exposure: &Exposure) -> Vec<(&'static str, Value)> {
    let mut steps = vec![("headers", json!({ "headers": { "customResponseHeaders": header_map(exposure) } }))];
    if !exposure.clients.is_empty() {
        let ranges: Vec<String> = exposure.clients.iter().map(ToString::to_string).collect();
        steps.push(("clients", json!({ "ipAllowList": { "sourceRange": ranges } })));
    }
    if let Some(limit) = exposure.rate_limit {
        let mut rate = json!({ "average": limit.requests_per_second, "period": "1s" });
        // Traefik takes 0 for 1, and lets no request in without any.
        insert(&mut rate, "burst", json!(limit.burst.max(1)));
        steps.push(("rate", json!({ "rateLimit": rate })));
    }
    if let Some(size) = exposure.max_body {
        // No request is larger than what the API server keeps exactly.
        let bytes = i64::try_from(size.ceil()).unwrap_or(i64::MAX);
        steps.push(("size", json!({ "buffering": { "maxRequestBodyBytes": bytes } })));
    }
    steps
}

/// The versions of TLS that are accepted.
pub(super) fn tls_option(exposure: &Exposure) -> Value {
    let version = match exposure.min_tls {
        TlsVersion::V12 => "VersionTLS12",
        TlsVersion::V13 => "VersionTLS13",
    };
    json!({ "spec": { "minVersion": version } })
}

/// How an annotation names a `Middleware` of the app's namespace: only letters, digits and '-' are left of its name. Of the name of a
/// `TLSOption` all is left (`makeID` and `makeRawID` in Traefik's `pkg/provider/kubernetes/crd`).
fn reference(target: &Target, exposure: &Exposure, suffix: &str) -> String {
    let name = format!("{}-{}", target.id.namespace, exposure.object_name(&target.id, suffix));
    format!("{}@{PROVIDER}", name.replace('.', "-"))
}
