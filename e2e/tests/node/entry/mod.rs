//! How requests from outside of the cluster reach pods: Contour serves an Ingress, an `HTTPProxy` and an `HTTPRoute`, with
//! certificates of the test's own authority.

mod authority;
mod hello;
mod visitor;

use anyhow::{Context, Result};
use e2e::node::contour;
use e2e::{ControlPlane, until};
use http::StatusCode;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ProtocolVersion, SupportedProtocolVersion};

use crate::entry::authority::Authority;
use crate::entry::hello::{Answer, PROTOCOL_VERSION, Version, offer};
use crate::entry::visitor::Visitor;
use crate::place::{LIMIT, Place};
use crate::pod;

/// The hosts, by the kind of object that exposes them.
const INGRESS: &str = "ingress.example.org";
const PROXY: &str = "proxy.example.org";
const ROUTE: &str = "route.example.org";

/// The accepted versions of TLS, with the beginning of their cipher suites' names: all have forward secrecy.
const VERSIONS: [(&SupportedProtocolVersion, ProtocolVersion, &str); 2] =
    [(&TLS12, ProtocolVersion::TLSv1_2, "TLS_ECDHE_"), (&TLS13, ProtocolVersion::TLSv1_3, "TLS13_")];

/// Creates an object of a custom resource in the place's namespace.
async fn create(place: &Place, group: &str, version: &str, kind: &str, name: &str, spec: Value) -> Result<()> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let api: Api<DynamicObject> = Api::namespaced_with(place.client.clone(), place.name(), &kind);
    let object = DynamicObject::new(name, &kind).data(json!({ "spec": spec }));
    api.create(&PostParams::default(), &object).await?;
    Ok(())
}

/// A pod of the guest, and a Service `web` for it.
async fn web(place: &Place) -> Result<()> {
    pod::create(&place.api(), pod::guest("web", ("app", "web"), 8080)?).await?;
    let ports = json!([{ "name": "http", "port": 80, "targetPort": 8080 }]);
    let service = json!({ "metadata": { "name": "web" }, "spec": { "selector": { "app": "web" }, "ports": ports } });
    place.create::<Service>(service).await?;
    Ok(())
}

async fn ingress(place: &Place) -> Result<()> {
    let backend = json!({ "service": { "name": "web", "port": { "name": "http" } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    let object = json!({
        "metadata": { "name": "web" },
        "spec": {
            "ingressClassName": "contour",
            "tls": [{ "hosts": [INGRESS], "secretName": "ingress" }],
            "rules": [{ "host": INGRESS, "http": { "paths": paths } }],
        },
    });
    place.create::<Ingress>(object).await?;
    Ok(())
}

async fn proxy(place: &Place) -> Result<()> {
    let spec = json!({
        "virtualhost": { "fqdn": PROXY, "tls": { "secretName": "proxy" } },
        "routes": [{ "services": [{ "name": "web", "port": 80 }] }],
    });
    create(place, "projectcontour.io", "v1", "HTTPProxy", "web", spec).await
}

async fn route(place: &Place) -> Result<()> {
    const GROUP: &str = "gateway.networking.k8s.io";
    let grant = json!({
        "from": [{ "group": GROUP, "kind": "Gateway", "namespace": contour::NAMESPACE }],
        "to": [{ "group": "", "kind": "Secret", "name": "route" }],
    });
    create(place, GROUP, "v1beta1", "ReferenceGrant", "route", grant).await?;
    contour::serve(&place.client, place.name(), "route").await?;
    let listener = |name| json!([{ "name": contour::GATEWAY, "namespace": contour::NAMESPACE, "sectionName": name }]);
    let spec = json!({
        "parentRefs": listener("https"),
        "hostnames": [ROUTE],
        "rules": [{ "backendRefs": [{ "name": "web", "port": 80 }] }],
    });
    create(place, GROUP, "v1", "HTTPRoute", "web", spec).await?;
    let filter = json!({ "type": "RequestRedirect", "requestRedirect": { "scheme": "https", "statusCode": 301 } });
    let spec = json!({
        "parentRefs": listener("http"),
        "hostnames": [ROUTE],
        "rules": [{ "filters": [filter] }],
    });
    create(place, GROUP, "v1", "HTTPRoute", "redirect", spec).await
}

#[tokio::test]
async fn ingresses_proxies_and_routes_serve_a_pod_by_https() -> Result<()> {
    let place = Place::restricted("entry").await?;
    contour::start(&ControlPlane::shared()?).await?;
    web(&place).await?;
    let authority = Authority::create()?;
    let certificates = [
        (INGRESS, authority.issue(&place, INGRESS, "ingress").await?),
        (PROXY, authority.issue(&place, PROXY, "proxy").await?),
        (ROUTE, authority.issue(&place, ROUTE, "route").await?),
    ];
    ingress(&place).await?;
    proxy(&place).await?;
    route(&place).await?;

    let visitor = Visitor::trusting(authority.trusted()?)?;
    let stranger = Visitor::trusting(Authority::create()?.trusted()?)?;
    for (host, certificate) in certificates {
        let (response, session) = until(&format!("{host} responds"), LIMIT, async || {
            // Contour configures Envoy with a delay.
            Ok(visitor.get(host, "/").await.ok().filter(|(response, _)| response.status == StatusCode::OK))
        })
        .await?;
        assert_eq!(response.body, "ok", "{host}");
        assert_eq!(session.certificate, Some(certificate), "{host}");
        let error = stranger.get(host, "/").await.err().context("a client of another authority got a response")?;
        assert!(error.to_string().contains("invalid peer certificate"), "{host}: {error:#}");
        negotiates_no_old_version(&authority, host).await?;
    }
    for host in [PROXY, ROUTE] {
        let response = visitor::get(host, "/path").await?;
        assert_eq!(response.status, StatusCode::MOVED_PERMANENTLY, "{host}: {response:?}");
        assert_eq!(response.headers["location"], format!("https://{host}/path"));
    }
    Ok(())
}

/// TLS 1.0 and 1.1 are refused, 1.2 and 1.3 accepted.
async fn negotiates_no_old_version(authority: &Authority, host: &str) -> Result<()> {
    for version in [Version::Tls10, Version::Tls11] {
        assert_eq!(offer(version, host).await?, Answer::Alert(PROTOCOL_VERSION), "{host}: {version:?}");
    }
    assert_eq!(offer(Version::Tls12, host).await?, Answer::Hello(Version::Tls12 as u16), "{host}");
    for (offered, expected, suites) in VERSIONS {
        let (response, session) = Visitor::offering(&[offered], authority.trusted()?)?.get(host, "/").await?;
        assert_eq!((response.status, session.version), (StatusCode::OK, Some(expected)), "{host}: {session:?}");
        let cipher = session.cipher.and_then(|cipher| cipher.as_str()).context("no cipher suite")?;
        assert!(cipher.starts_with(suites), "{host}: {cipher}");
    }
    Ok(())
}
