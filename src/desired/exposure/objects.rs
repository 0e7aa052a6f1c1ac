//! All objects of an app's hosts, kind by kind.

use serde_json::json;

use super::{contour, enforced::unenforceable, gateway, ingress, parts::draft, traefik};
use crate::{
    api::{GatewayParent, IngressProfile},
    app::{Certificate, EntryPoint, Exposure, Release},
    desired::draft::Draft,
    release::Target,
};

/// The hosts that get objects: the app has them, the controller enforces all that is asked for, and the release that runs has what they
/// lead to.
pub(in crate::desired) fn exposed(target: &Target) -> impl Iterator<Item = (&Exposure, &Release)> {
    let exposures = &target.ungated.exposures;
    let exposures = target.runs.iter().flat_map(move |runs| exposures.iter().map(move |exposure| (exposure, runs)));
    exposures.filter(|(exposure, runs)| {
        !target.unclaimed.contains_key(&exposure.host) && runs.serves(exposure) && unenforceable(exposure).is_none()
    })
}

fn of_gateways(target: &Target) -> impl Iterator<Item = (&Exposure, &Release, &GatewayParent)> {
    exposed(target).filter_map(|(exposure, runs)| match &exposure.entry {
        EntryPoint::Gateway(gateway) => Some((exposure, runs, gateway)),
        EntryPoint::Ingress { .. } => None,
    })
}

fn of_controllers(target: &Target, of: IngressProfile) -> impl Iterator<Item = (&Exposure, &Release, &str)> {
    exposed(target).filter_map(move |(exposure, runs)| match &exposure.entry {
        EntryPoint::Ingress { class, profile } if *profile == of => Some((exposure, runs, class.as_str())),
        EntryPoint::Gateway(_) | EntryPoint::Ingress { .. } => None,
    })
}

/// Routes of the Gateway API.
pub(in crate::desired) fn http_routes(target: &Target) -> Vec<Draft> {
    of_gateways(target)
        .flat_map(|(exposure, runs, parent)| gateway::http_routes(target, exposure, runs, parent))
        .collect()
}

/// Listeners that apps bring.
pub(in crate::desired) fn listener_sets(target: &Target) -> Vec<Draft> {
    of_gateways(target).filter_map(|(exposure, _, parent)| gateway::listener_set(target, exposure, parent)).collect()
}

/// How Gateways verify components. A policy is attached to a port of a Service, so that of the first host that asks for it holds for all.
pub(in crate::desired) fn backend_tls_policies(target: &Target) -> Vec<Draft> {
    let all = of_gateways(target).flat_map(|(exposure, ..)| gateway::backend_tls_policies(target, exposure));
    let mut policies: Vec<Draft> = all.collect();
    policies.sort_by(|one, other| one.name.cmp(&other.name));
    policies.dedup_by(|one, other| one.name == other.name);
    policies
}

/// Ingresses: plain ones, and those of Traefik.
pub(in crate::desired) fn ingresses(target: &Target) -> Vec<Draft> {
    let plain = of_controllers(target, IngressProfile::Ingress);
    let plain = plain
        .map(|(exposure, runs, class)| draft(target, exposure, "", ingress::ingress(target, exposure, runs, class)));
    let traefik = of_controllers(target, IngressProfile::Traefik);
    plain.chain(traefik.flat_map(|(exposure, runs, class)| traefik::ingresses(target, exposure, runs, class))).collect()
}

/// Contour's proxies.
pub(in crate::desired) fn http_proxies(target: &Target) -> Vec<Draft> {
    let proxies = of_controllers(target, IngressProfile::Contour);
    let proxies = proxies
        .map(|(exposure, runs, class)| draft(target, exposure, "", contour::http_proxy(target, exposure, runs, class)));
    proxies.collect()
}

/// What requests pass in Traefik.
pub(in crate::desired) fn middlewares(target: &Target) -> Vec<Draft> {
    let exposures = of_controllers(target, IngressProfile::Traefik);
    exposures.flat_map(|(exposure, ..)| traefik::middlewares(target, exposure)).collect()
}

/// Versions of TLS in Traefik.
pub(in crate::desired) fn tls_options(target: &Target) -> Vec<Draft> {
    let exposures = of_controllers(target, IngressProfile::Traefik);
    exposures.map(|(exposure, ..)| draft(target, exposure, "", traefik::tls_option(exposure))).collect()
}

/// Certificates that cert-manager issues.
pub(in crate::desired) fn certificates(target: &Target) -> Vec<Draft> {
    let certificate = |(exposure, _): (&Exposure, &Release)| {
        let Certificate::Issued { secret, issuer, kind } = &exposure.certificate else { return None };
        let fields = json!({
            "spec": {
                "secretName": secret,
                "dnsNames": [exposure.host],
                "issuerRef": { "group": "cert-manager.io", "kind": kind, "name": issuer },
                // A key that has leaked is of no use after the next renewal.
                "privateKey": { "algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always" },
                "revisionHistoryLimit": 1,
            },
        });
        Some(draft(target, exposure, "", fields))
    };
    exposed(target).filter_map(certificate).collect()
}
