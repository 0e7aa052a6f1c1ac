//! Checks the exposures of a spec against its components and against what the platform allows.

use ipnet::IpNet;

use super::{
    accepted::{Certificate, EntryPoint, ExposedPath, Exposure, object_name},
    headers, hosts,
    rules::ExposureRules,
};
use crate::{
    api::{self, Listeners, Protocol},
    app::{
        amounts,
        id::{AppId, PartName},
        names,
        policy::Policy,
        review::Review,
        workload::Workload,
    },
};

/// Checks all exposures of an app. Those with a mistake are left out.
pub(in crate::app) fn accept(
    specs: &[api::Exposure],
    id: &AppId,
    workloads: &[Workload],
    policy: &Policy,
    review: &mut Review,
) -> Vec<Exposure> {
    let rules = &policy.exposure;
    let exposures = specs.iter().filter_map(|spec| {
        let path = format!("spec.exposures[{}]", spec.host);
        host(spec, id, policy, &path, review);
        let paths = paths(spec, workloads, &path, review);
        let headers = headers::accept(spec.headers.as_ref(), rules, &path, review);
        let size = spec.max_body_size.as_ref();
        let max_body = size.and_then(|size| amounts::bytes(size, &format!("{path}.maxBodySize"), review));
        let clients = clients(spec, &path, review);
        backend_tls(spec, &path, review);
        let entry = rules.entry.clone()?;
        let certificate = certificate(spec, id, &entry, rules, &path, review)?;
        Some(Exposure {
            host: spec.host.clone(),
            paths,
            headers,
            min_tls: spec.min_tls_version.unwrap_or_default().max(rules.min_tls),
            rate_limit: spec.rate_limit,
            max_body,
            clients,
            backend_tls: spec.backend_tls.clone(),
            certificate,
            entry,
            attested: rules.attested.clone(),
        })
    });
    let mut exposures: Vec<Exposure> = exposures.collect();
    exposures.sort_by(|one, other| one.host.cmp(&other.host));
    exposures
}

fn host(spec: &api::Exposure, id: &AppId, policy: &Policy, path: &str, review: &mut Review) {
    if !hosts::is_host(&spec.host) {
        let remedy = "use one such as shop.example.com: lower-case letters, digits, '-' and '.', with a domain, and without scheme, port and a final dot";
        review.reject(format!("{path}.host"), "not the name of a host", remedy);
    } else if let Some((problem, remedy)) = policy.exposure.forbids(&spec.host, &id.namespace, &policy.name) {
        review.reject(format!("{path}.host"), problem, remedy);
    }
    if spec.min_tls_version.is_some_and(|version| version < policy.exposure.min_tls) {
        let remedy = "ask for 1.3, or leave it out for the policy's";
        review.reject(format!("{path}.minTLSVersion"), "lower than what the policy asks for", remedy);
    }
}

fn paths(spec: &api::Exposure, workloads: &[Workload], path: &str, review: &mut Review) -> Vec<ExposedPath> {
    let mut paths: Vec<ExposedPath> = Vec::new();
    for route in &spec.routes {
        let at = format!("{path}.routes[{}]", route.path);
        if !is_path(&route.path) {
            let remedy = "write one such as /api: letters, digits, '-', '_', '.' and '~' between slashes, no slash at the end, and no name that begins with '.'";
            review.reject(format!("{at}.path"), "not a path", remedy);
        } else if paths.iter().any(|known| known.path == route.path) {
            review.reject(&at, "another route has this path", "give each its own");
        }
        let Some(port) = port(route, workloads, &at, review) else { continue };
        paths.push(ExposedPath { path: route.path.clone(), component: PartName::new(&route.component), port });
    }
    paths.sort_by(|one, other| one.path.cmp(&other.path));
    paths
}

/// The name of the port to which a route leads.
fn port(route: &api::ExposureRoute, workloads: &[Workload], path: &str, review: &mut Review) -> Option<String> {
    let Some(workload) = workloads.iter().find(|workload| workload.name.as_str() == route.component) else {
        let problem = format!("the app has no component {}", route.component);
        review.reject(format!("{path}.component"), problem, "name one of spec.components");
        return None;
    };
    let mut ports = workload.template.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    let found = match &route.port {
        Some(name) => ports.find(|port| port.name == *name),
        None => ports.next(),
    };
    if found.is_none() {
        let problem = match &route.port {
            Some(name) => format!("component {} has no TCP port {name}", route.component),
            None => format!("component {} has no TCP port", route.component),
        };
        let remedy = format!("name one of spec.components[{}].ports, or add it there", route.component);
        review.reject(format!("{path}.port"), problem, remedy);
    }
    found.map(|port| port.name.clone())
}

/// Whether it is a path of plain names: nothing that a controller would decode, resolve or take for a pattern.
fn is_path(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b))
    };
    path == "/" || path.strip_prefix('/').is_some_and(|rest| path.len() <= LONGEST_PATH && rest.split('/').all(is_name))
}

const LONGEST_PATH: usize = 128;

fn clients(spec: &api::Exposure, path: &str, review: &mut Review) -> Vec<IpNet> {
    let mut clients = Vec::new();
    for range in &spec.allow_cidrs {
        if let Ok(parsed) = range.parse::<IpNet>() {
            clients.push(parsed.trunc());
        } else {
            let at = format!("{path}.allowCIDRs[{range}]");
            review.reject(at, format!("'{range}' is not an address range"), "write one such as 203.0.113.0/24");
        }
    }
    clients.sort_unstable();
    clients
}

fn backend_tls(spec: &api::Exposure, path: &str, review: &mut Review) {
    let Some(tls) = &spec.backend_tls else { return };
    let path = format!("{path}.backendTLS");
    names::of_object("host", &tls.hostname, format!("{path}.hostname"), review);
    match (&tls.ca_config_map, &tls.ca_secret) {
        (Some(name), None) => names::of_object("ConfigMap", name, format!("{path}.caConfigMap"), review),
        (None, Some(name)) => names::of_object("Secret", name, format!("{path}.caSecret"), review),
        _ => review.reject(path, "not one place of the authority's certificate", "give caConfigMap or caSecret"),
    }
}

fn certificate(
    spec: &api::Exposure,
    id: &AppId,
    entry: &EntryPoint,
    rules: &ExposureRules,
    path: &str,
    review: &mut Review,
) -> Option<Certificate> {
    let tls = spec.tls.clone().unwrap_or_default();
    let path = format!("{path}.tls");
    if matches!(entry, EntryPoint::Gateway(gateway) if gateway.listeners == Listeners::Platform) {
        if spec.tls.is_some() {
            let problem = "the platform's listener has the certificate";
            review.reject(path, problem, "remove tls, or have the platform team set exposure.gateway.listeners: App");
        }
        return Some(Certificate::Platform);
    }
    if let (Some(secret), None) = (&tls.secret_name, &tls.issuer) {
        if !is_own_secret(secret, &id.name) {
            let remedy = format!("name it {0}-tls, or with {0}-tls- in front and not {0}-tls-tls", id.name);
            review.reject(format!("{path}.secretName"), "not the name of a certificate of this app", remedy);
        }
        names::of_object("Secret", secret, format!("{path}.secretName"), review);
        return Some(Certificate::Secret(secret.clone()));
    }
    if tls.secret_name.is_some() {
        review.reject(path, "both issuer and secretName are given", "give one of the two");
        return None;
    }
    let found = match &tls.issuer {
        None => rules.issuers.first(),
        Some(name) => rules.issuers.iter().find(|issuer| issuer.name == *name),
    };
    let Some(issuer) = found else {
        let known: Vec<&str> = rules.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        let (problem, remedy) = match (&tls.issuer, known.as_slice()) {
            (None, _) => (
                "the policy has no issuer",
                "give tls.secretName, or have the platform team set exposure.issuers".to_owned(),
            ),
            (Some(_), []) => ("the policy has no issuers", "give tls.secretName".to_owned()),
            (Some(_), known) => ("the policy doesn't list this issuer", format!("use {}", known.join(" or "))),
        };
        review.reject(if tls.issuer.is_some() { format!("{path}.issuer") } else { path }, problem, remedy);
        return None;
    };
    let secret = object_name(&format!("{}-tls", id.name), &spec.host, "");
    Some(Certificate::Issued { secret, issuer: issuer.name.clone(), kind: issuer.kind })
}

/// Whether a Secret is this app's by its name. That of another app of the namespace isn't: `shop-tls-tls` is that of an app `shop-tls`.
fn is_own_secret(secret: &str, app: &str) -> bool {
    let rest = secret.strip_prefix(app).and_then(|rest| rest.strip_prefix("-tls"));
    rest.is_some_and(|rest| {
        let further = rest.strip_prefix('-');
        rest.is_empty() || further.is_some_and(|further| further != "tls" && !further.starts_with("tls-"))
    })
}
