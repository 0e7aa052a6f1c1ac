//! What the platform decides about exposures, checked.

use ipnet::IpNet;

use super::{accepted::EntryPoint, attested::Attested, hosts};
use crate::{
    api::{CertificateIssuer, ExposurePolicy, Listeners, TlsVersion},
    app::{names, pod_selection::PodSelection, review::Review},
};

/// Days of `Strict-Transport-Security` below which scanners don't count it.
const FEWEST_HSTS_DAYS: i32 = 180;

/// What the platform decides about exposures.
#[derive(Clone, Debug, PartialEq)]
pub struct ExposureRules {
    /// Patterns of hosts.
    allowed_hosts: Vec<String>,
    allow_wildcards: bool,
    /// What serves hosts; `None` where nothing does.
    pub(super) entry: Option<EntryPoint>,
    pub(super) attested: Attested,
    pub(super) issuers: Vec<CertificateIssuer>,
    pub(super) min_tls: TlsVersion,
    pub(super) min_hsts_days: i32,
    pub(super) allow_unsafe_inline: bool,
    /// The pods of the controller.
    pub controllers: Vec<PodSelection>,
    /// Addresses from which the controller connects.
    pub controller_addresses: Vec<IpNet>,
}

impl Default for ExposureRules {
    /// Nothing is exposed.
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            allow_wildcards: false,
            entry: None,
            attested: Attested::default(),
            issuers: Vec::new(),
            min_tls: TlsVersion::V12,
            min_hsts_days: FEWEST_HSTS_DAYS,
            allow_unsafe_inline: false,
            controllers: Vec::new(),
            controller_addresses: Vec::new(),
        }
    }
}

/// Where a policy has it.
const PATH: &str = "spec.exposure";

impl ExposureRules {
    /// Checks what a policy says. The peers are checked as those of the network are.
    pub(in crate::app) fn accept(
        given: &ExposurePolicy,
        controllers: Vec<PodSelection>,
        controller_addresses: Vec<IpNet>,
        review: &mut Review,
    ) -> Self {
        let entry = entry(given, review);
        if entry.is_some() && controllers.is_empty() && controller_addresses.is_empty() {
            let remedy = "name the controller's pods there, or their addresses under controllerCIDRs";
            review.reject(format!("{PATH}.controllers"), "nothing could connect to exposed components", remedy);
        }
        if entry.is_none() && !given.allowed_hosts.is_empty() {
            review.reject(PATH, "no controller serves the hosts", "give gateway or ingress");
        }
        for (index, pattern) in given.allowed_hosts.iter().enumerate() {
            if !is_pattern(pattern) {
                let remedy = "write hosts such as shop.example.com or *.{namespace}.apps.example.com";
                review.reject(format!("{PATH}.allowedHosts[{index}]"), "not a host", remedy);
            }
        }
        for issuer in &given.issuers {
            names::of_object("issuer", &issuer.name, format!("{PATH}.issuers[{}]", issuer.name), review);
        }
        Self {
            allowed_hosts: given.allowed_hosts.clone(),
            allow_wildcards: given.allow_wildcards,
            entry,
            attested: Attested::accept(given.enforces.as_ref(), &format!("{PATH}.enforces"), review),
            issuers: given.issuers.clone(),
            min_tls: given.min_tls_version.unwrap_or_default(),
            min_hsts_days: given.min_hsts_days.unwrap_or(FEWEST_HSTS_DAYS),
            allow_unsafe_inline: given.allow_unsafe_inline,
            controllers,
            controller_addresses,
        }
    }

    /// Why an app may not have a host, and what to do; `None` where it may.
    pub(super) fn forbids(&self, host: &str, namespace: &str, policy: &str) -> Option<(String, String)> {
        if self.allowed_hosts.is_empty() {
            let problem = format!("the policy {policy} allows no hosts");
            return Some((
                problem,
                "have the platform team set exposure.allowedHosts in the HardeningPolicy".to_owned(),
            ));
        }
        if host.starts_with("*.") && !self.allow_wildcards {
            let remedy = "name each host, or have the platform team set exposure.allowWildcards".to_owned();
            return Some((format!("the policy {policy} allows no wildcards"), remedy));
        }
        let mut patterns = self.allowed_hosts.iter();
        if patterns.any(|pattern| hosts::allows(pattern, host, namespace)) {
            return None;
        }
        let patterns: Vec<String> =
            self.allowed_hosts.iter().take(SHOWN).map(|pattern| pattern.replace("{namespace}", namespace)).collect();
        let remedy = format!("use a host such as {}", patterns.join(" or "));
        Some((format!("the policy {policy} doesn't allow this host"), remedy))
    }
}

/// How many patterns a message names.
const SHOWN: usize = 3;

/// Whether a pattern can allow anything: what stands for labels is replaced by one.
fn is_pattern(pattern: &str) -> bool {
    let labels: Vec<&str> = pattern.split('.').map(|label| if label == "*" { "a" } else { label }).collect();
    hosts::is_host(&labels.join(".").replace("{namespace}", "n"))
}

fn entry(given: &ExposurePolicy, review: &mut Review) -> Option<EntryPoint> {
    if given.gateway.is_some() && given.ingress.is_some() {
        review.reject(PATH, "both gateway and ingress are given", "give one of the two");
    }
    if let Some(gateway) = &given.gateway {
        let path = format!("{PATH}.gateway");
        names::of_object("Gateway", &gateway.name, format!("{path}.name"), review);
        names::of_namespace(&gateway.namespace, format!("{path}.namespace"), review);
        let listeners = [("httpListener", &gateway.http_listener), ("httpsListener", &gateway.https_listener)];
        for (field, listener) in listeners {
            if let Some(listener) = listener {
                names::of_object("listener", listener, format!("{path}.{field}"), review);
            }
        }
        if gateway.listeners == Listeners::App && gateway.https_listener.is_some() {
            let problem = "apps bring their own listeners for HTTPS";
            review.reject(format!("{path}.httpsListener"), problem, "remove it, or set listeners: Platform");
        }
        return Some(EntryPoint::Gateway(gateway.clone()));
    }
    let ingress = given.ingress.as_ref()?;
    names::of_object("IngressClass", &ingress.class_name, format!("{PATH}.ingress.className"), review);
    Some(EntryPoint::Ingress { class: ingress.class_name.clone(), profile: ingress.profile })
}
