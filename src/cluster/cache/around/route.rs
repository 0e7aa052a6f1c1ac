//! To which Services Ingresses and routes of the Gateway API lead. What isn't of the type that the API has counts as not given.

use std::collections::BTreeSet;

use serde_json::Value;

use super::kind::NeighbourKind;
use crate::plan::Route;

/// Reads an object of a kind that leads to Services.
pub(super) fn read(kind: NeighbourKind, object: &Value) -> Route {
    match kind {
        NeighbourKind::HttpRoute => of_http_route(object),
        NeighbourKind::HttpProxy => of_http_proxy(object),
        _ => of_ingress(object),
    }
}

fn of_ingress(object: &Value) -> Route {
    let rules: Vec<&Value> = list(object, "/spec/rules").collect();
    let backends = rules.iter().flat_map(|rule| list(rule, "/http/paths")).filter_map(|path| path.get("backend"));
    let backends = object.pointer("/spec/defaultBackend").into_iter().chain(backends);
    let services = backends.filter_map(|backend| text(backend, "/service/name"));
    // "If the host is unspecified, the Ingress routes all traffic": then the others don't limit it.
    let hosts: Vec<&str> = rules.iter().map(|rule| text(rule, "/host").unwrap_or_default()).collect();
    let serves_all = object.pointer("/spec/defaultBackend").is_some() || hosts.contains(&"");
    let hosts = if serves_all { Vec::new() } else { hosts };
    route(NeighbourKind::Ingress, object, hosts.into_iter(), services)
}

fn of_http_route(object: &Value) -> Route {
    let namespace = text(object, "/metadata/namespace").unwrap_or_default();
    // Filters mirror requests to further Services.
    let rules = list(object, "/spec/rules");
    let references = rules.flat_map(|rule| {
        let backends = list(rule, "/backendRefs");
        let filters = backends.clone().chain([rule]).flat_map(|place| list(place, "/filters"));
        backends.chain(filters.filter_map(|filter| filter.pointer("/requestMirror/backendRef")))
    });
    // "When unspecified or empty string, core API group is inferred"; the kind "Defaults to "Service" when not specified"; "When
    // unspecified, the local namespace is inferred".
    let is_service = |reference: &&Value| {
        text(reference, "/group").unwrap_or_default().is_empty()
            && text(reference, "/kind").is_none_or(|kind| kind == NeighbourKind::Service.name())
            && text(reference, "/namespace").is_none_or(|other| other == namespace)
    };
    let services = references.filter(is_service).filter_map(|reference| text(reference, "/name"));
    let hosts = list(object, "/spec/hostnames").filter_map(Value::as_str);
    route(NeighbourKind::HttpRoute, object, hosts, services)
}

/// One without a host is included by others.
fn of_http_proxy(object: &Value) -> Route {
    let places = list(object, "/spec/routes").chain(object.pointer("/spec/tcpproxy"));
    let services = places.flat_map(|place| list(place, "/services")).filter_map(|service| text(service, "/name"));
    route(NeighbourKind::HttpProxy, object, text(object, "/spec/virtualhost/fqdn").into_iter(), services)
}

fn route<'a>(
    kind: NeighbourKind,
    object: &Value,
    hosts: impl Iterator<Item = &'a str>,
    services: impl Iterator<Item = &'a str>,
) -> Route {
    let sorted = |texts: BTreeSet<&str>| texts.into_iter().map(str::to_owned).collect();
    Route {
        kind: kind.name(),
        name: text(object, "/metadata/name").unwrap_or_default().to_owned(),
        hosts: sorted(hosts.collect()),
        services: sorted(services.collect()),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + Clone + use<'a> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_ingress_leads_to_the_services_of_its_paths_and_to_its_default() {
        let path = |service: &str| json!({ "path": "/", "backend": { "service": { "name": service } } });
        let mut ingress = json!({
            "metadata": { "name": "site" },
            "spec": { "rules": [
                { "host": "b.example", "http": { "paths": [path("two"), path("one"), path("two")] } },
                { "host": "a.example", "http": { "paths": [{ "backend": { "resource": { "name": "bucket" } } }] } },
                { "host": "b.example" },
            ] },
        });
        let found = of_ingress(&ingress);
        assert_eq!((found.kind, found.name.as_str()), ("Ingress", "site"));
        assert_eq!(
            (found.hosts, found.services),
            (vec!["a.example".into(), "b.example".into()], vec!["one".into(), "two".into()])
        );
        ingress["spec"]["defaultBackend"] = json!({ "service": { "name": "rest" } });
        let found = of_ingress(&ingress);
        assert_eq!((found.hosts.len(), found.services.len()), (0, 3), "a default serves all hosts");
    }

    #[test]
    fn an_http_route_leads_to_services_of_its_own_namespace() {
        let route = json!({
            "metadata": { "name": "site", "namespace": "demo" },
            "spec": {
                "hostnames": ["a.example"],
                "rules": [{
                    "filters": [{ "type": "RequestMirror", "requestMirror": { "backendRef": { "name": "mirror" } } }],
                    "backendRefs": [
                        { "name": "own" },
                        { "name": "named", "namespace": "demo", "kind": "Service", "group": "" },
                        { "name": "elsewhere", "namespace": "other" },
                        { "name": "bucket", "kind": "Bucket", "group": "example.com" },
                    ],
                }],
            },
        });
        let found = of_http_route(&route);
        assert_eq!((found.kind, found.hosts), ("HTTPRoute", vec!["a.example".to_owned()]));
        assert_eq!(found.services, ["mirror", "named", "own"]);
    }
}
