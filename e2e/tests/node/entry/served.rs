//! What the operator makes of `spec.exposures`, served by Envoy: what a scanner of TLS and headers sees, and what isn't reachable.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use e2e::node::{contour, packets};
use e2e::{ControlPlane, show, until};
use hardened_app::api::{HardenedAppStatus, HardeningPolicy, POLICY_LABEL};
use http::StatusCode;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::authority::Authority;
use super::gateway;
use super::hello::{Answer, PROTOCOL_VERSION, Version, offer};
use super::visitor::{self, Response, Session, Visitor};
use crate::place::{LIMIT, Place};
use crate::pod;

/// The headers of an app that gives none, as docs/exposure.md has them.
const HEADERS: [(&str, &str, &str); 6] = [
    ("strict-transport-security", "max-age=63072000; includeSubDomains", "at least 180 days, with subdomains"),
    ("x-content-type-options", "nosniff", "nosniff"),
    ("x-frame-options", "DENY", "DENY or SAMEORIGIN"),
    ("referrer-policy", "strict-origin-when-cross-origin", "no whole address to other hosts"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()", "these three for none or the own host"),
    ("content-security-policy", "default-src 'self'", "default-src, and no scripts of others"),
];

/// A namespace whose policy says this about exposures, besides what Contour's pods are.
async fn place(prefix: &str, exposure: Value) -> Result<Place> {
    let place = Place::restricted(prefix).await?;
    let mut rules = json!({
        "allowedHosts": ["*.example.org"],
        "controllers": [{ "namespace": contour::NAMESPACE, "podLabels": { "app": "envoy" } }],
    });
    if let (Some(rules), Value::Object(exposure)) = (rules.as_object_mut(), exposure) {
        rules.extend(exposure);
    }
    let policy = json!({
        "apiVersion": "hardened.dev/v1alpha1", "kind": "HardeningPolicy", "metadata": { "name": place.name() },
        "spec": { "exposure": rules },
    });
    let parameters = PatchParams::apply("platform-team").force();
    Api::<HardeningPolicy>::all(place.client.clone()).patch(place.name(), &parameters, &Patch::Apply(policy)).await?;
    let label = Patch::Merge(json!({ "metadata": { "labels": { POLICY_LABEL: place.name() } } }));
    Api::<Namespace>::all(place.client.clone()).patch(place.name(), &PatchParams::default(), &label).await?;
    contour::start(&ControlPlane::shared()?).await?;
    Ok(place)
}

/// An app of two components, of which `web` has these hosts.
async fn app(place: &Place, exposures: Value) -> Result<String> {
    let component = |name: &str, image: &str| {
        json!({
            "name": name, "image": format!("registry.example.com/{image}"), "replicas": 1,
            "ports": [{ "name": "http", "port": 8080 }, { "name": "admin", "port": 9000 }],
        })
    };
    let spec = json!({ "components": [component("web", "hello:1.0.0"), component("api", "hello:1.1.0")], "exposures": exposures });
    let app = json!({ "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "metadata": { "name": "shop" }, "spec": spec });
    place.app(&serde_json::to_string(&app)?).await
}

fn route() -> Value {
    json!([{ "path": "/", "component": "web", "port": "http" }])
}

/// Waits until a host responds with this status; returns the response and its session.
async fn responds(visitor: &Visitor, host: &str, status: StatusCode) -> Result<(Response, Session)> {
    until(&format!("{host} responds with {status}"), LIMIT, async || {
        Ok(visitor.get(host, "/").await.ok().filter(|(response, _)| response.status == status))
    })
    .await
}

/// Whether a response has all headers, and no other names its software; returns rows of a scanner's table.
fn headers(response: &Response) -> Result<Vec<String>> {
    let mut rows = Vec::new();
    for (name, expected, rule) in HEADERS {
        let found = response.headers.get(name).with_context(|| format!("no {name}: {:?}", response.headers))?;
        ensure!(found == expected, "{name}: {found:?}");
        rows.push(format!("| header | {name} | {expected} | {rule} |"));
    }
    ensure!(!response.headers.contains_key("x-powered-by"), "{:?}", response.headers);
    let server = response.headers.get("server").and_then(|value| value.to_str().ok()).unwrap_or("none");
    // Envoy sets its own name after all that routes say.
    ensure!(["none", "envoy"].contains(&server), "{server}");
    rows.push(format!("| header | server | {server} | no version |"));
    rows.push("| header | x-powered-by | none | none |".to_owned());
    Ok(rows)
}

/// TLS 1.0 and 1.1 are refused, 1.2 where that isn't accepted, and what is accepted has forward secrecy. Returns rows of a scanner's table.
async fn versions(authority: &Authority, host: &str, accepts_12: bool) -> Result<Vec<String>> {
    let mut rows = Vec::new();
    for version in [Version::Tls10, Version::Tls11] {
        ensure!(offer(version, host).await? == Answer::Alert(PROTOCOL_VERSION), "{host}: {version:?}");
        rows.push(format!("| protocol | {version:?} | refused with alert {PROTOCOL_VERSION} | refused |"));
    }
    let answer = offer(Version::Tls12, host).await?;
    let expected = if accepts_12 { Answer::Hello(Version::Tls12 as u16) } else { Answer::Alert(PROTOCOL_VERSION) };
    ensure!(answer == expected, "{host}: {answer:?}");
    for version in [&TLS12, &TLS13] {
        let outcome = Visitor::offering(&[version], authority.trusted()?)?.get(host, "/").await;
        if *version == TLS12 && !accepts_12 {
            ensure!(outcome.is_err(), "{host} accepts TLS 1.2");
            rows.push("| protocol | Tls12 | refused | as the app asks |".to_owned());
            continue;
        }
        let (_, session) = outcome?;
        let cipher = session.cipher.and_then(|cipher| cipher.as_str()).context("no cipher suite")?;
        ensure!(cipher.starts_with("TLS_ECDHE_") || cipher.starts_with("TLS13_"), "{host}: {cipher}");
        rows.push(format!(
            "| cipher | {:?} | {cipher} | forward secrecy, AEAD |",
            session.version.context("no version")?
        ));
    }
    Ok(rows)
}

async fn redirects(host: &str) -> Result<String> {
    let response = visitor::get(host, "/path").await?;
    ensure!(response.status == StatusCode::MOVED_PERMANENTLY, "{host}: {response:?}");
    ensure!(
        response.headers.get("location").is_some_and(|found| *found == format!("https://{host}/path")),
        "{response:?}"
    );
    Ok(format!("| redirect | http | 301 to https://{host}/path | permanent |"))
}

fn print(host: &str, rows: &[String]) {
    show(&format!("{host}\n| What | Name | Seen | Rule |\n|---|---|---|---|\n{}", rows.join("\n")));
}

fn is_exposed(status: &HardenedAppStatus, hosts: usize) -> Option<()> {
    let all = status.conditions.iter().any(|found| found.type_ == "Exposed" && found.status == "True");
    (all && status.urls.len() == hosts).then_some(())
}

/// Envoy's pod.
async fn envoy(place: &Place) -> Result<Pod> {
    let pods = Api::<Pod>::namespaced(place.client.clone(), contour::NAMESPACE);
    let found = pods.list(&ListParams::default().labels("app=envoy")).await?.items;
    found.into_iter().find(|pod| pod.metadata.deletion_timestamp.is_none()).context("Envoy has no pod")
}

/// From Envoy's own network only the exposed port of the exposed component is reachable, though something listens on all of them.
async fn nothing_else_is_reachable(place: &Place) -> Result<()> {
    let (web, api) = (crate::client::first(place, "shop.web").await?, crate::client::first(place, "shop.api").await?);
    let mut listeners = Vec::new();
    for component in [&web, &api] {
        listeners.push(packets::listen(&pod::process(component)?, 9000).await?);
    }
    let to = |pod: &Pod, port: u16| Ok::<_, anyhow::Error>(SocketAddr::new(pod::address(pod)?, port));
    let addresses = vec![to(&web, 8080)?, to(&web, 9000)?, to(&api, 8080)?, to(&api, 9000)?];
    let outcomes = packets::connect(&pod::process(&envoy(place).await?)?, addresses).await?;
    let words: Vec<String> = outcomes.iter().map(|outcome| format!("{outcome:?}")).collect();
    show(&format!("from Envoy to web:8080, web:9000, api:8080, api:9000: {}", words.join(", ")));
    let reached: Vec<bool> = outcomes.iter().map(|outcome| matches!(outcome, packets::Outcome::Connected)).collect();
    ensure!(reached == [true, false, false, false], "{words:?}");
    Ok(())
}

#[tokio::test]
async fn contour_serves_what_a_host_asks_for_and_nothing_else() -> Result<()> {
    let place = place("contour", json!({ "ingress": { "className": "contour", "profile": "Contour" } })).await?;
    let authority = Authority::create()?;
    let (shop, strict, closed) = ("shop.example.org", "strict.example.org", "closed.example.org");
    for (host, secret) in [(shop, "shop-tls"), (strict, "shop-tls-strict"), (closed, "shop-tls-closed")] {
        authority.issue(&place, host, secret).await?;
    }
    let limit = json!({ "requestsPerSecond": 1, "burst": 1 });
    let name = app(&place, json!([
        { "host": shop, "routes": route(), "tls": { "secretName": "shop-tls" } },
        { "host": strict, "routes": route(), "tls": { "secretName": "shop-tls-strict" }, "minTLSVersion": "1.3", "rateLimit": limit },
        { "host": closed, "routes": route(), "tls": { "secretName": "shop-tls-closed" }, "allowCIDRs": ["203.0.113.0/24"] },
    ]))
    .await?;
    place.ready(&name).await?;
    place.reported(&name, "all hosts are exposed", |status| is_exposed(status, 3)).await?;

    let visitor = Visitor::trusting(authority.trusted()?)?;
    let (response, _) = responds(&visitor, shop, StatusCode::OK).await?;
    let mut rows = versions(&authority, shop, true).await?;
    rows.extend(headers(&response)?);
    rows.push(redirects(shop).await?);
    print(shop, &rows);

    until("the rate limit is exceeded", LIMIT, async || {
        let mut limited = false;
        for _ in 0..4 {
            limited |= visitor.get(strict, "/").await.is_ok_and(|(it, _)| it.status == StatusCode::TOO_MANY_REQUESTS);
        }
        Ok(limited.then_some(()))
    })
    .await?;
    print(strict, &versions(&authority, strict, false).await?);
    responds(&visitor, closed, StatusCode::FORBIDDEN).await?;
    Box::pin(nothing_else_is_reachable(&place)).await
}

#[tokio::test]
async fn a_gateway_of_the_platform_serves_a_host() -> Result<()> {
    let exposure = json!({
        "gateway": { "name": contour::GATEWAY, "namespace": contour::NAMESPACE },
        "enforces": { "minTLSVersion": "1.2" },
    });
    let place = place("gateway", exposure).await?;
    let authority = Authority::create()?;
    let host = "gateway.example.org";
    gateway::certify(&place, &authority, host).await?;
    let name = app(&place, json!([{ "host": host, "routes": route() }])).await?;
    place.ready(&name).await?;
    place.reported(&name, "the host is exposed", |status| is_exposed(status, 1)).await?;
    let (response, _) = responds(&Visitor::trusting(authority.trusted()?)?, host, StatusCode::OK).await?;
    let mut rows = versions(&authority, host, true).await?;
    rows.extend(headers(&response)?);
    rows.push(redirects(host).await?);
    print(host, &rows);
    Ok(())
}

/// The policy attests what is the platform's to do: here that is taken for true, and only what the Ingress itself says is asked for.
#[tokio::test]
async fn a_plain_ingress_serves_a_host_once_the_platform_attests_the_rest() -> Result<()> {
    let place =
        place("ingress", json!({ "ingress": { "className": "contour" }, "enforces": { "minTLSVersion": "1.2" } }))
            .await?;
    let authority = Authority::create()?;
    let host = "ingress.example.org";
    let certificate = authority.issue(&place, host, "shop-tls").await?;
    let name = app(&place, json!([{ "host": host, "routes": route(), "tls": { "secretName": "shop-tls" } }])).await?;
    place
        .reported(&name, "what nothing enforces is said", |status| {
            let mut conditions = status.conditions.iter();
            conditions
                .find(|it| it.reason == "NotEnforceable" && it.message.contains("the redirect to HTTPS, headers"))
                .map(drop)
        })
        .await?;
    let visitor = Visitor::trusting(authority.trusted()?)?;
    ensure!(visitor.get(host, "/").await.is_err(), "nothing is served");
    let attested = json!({ "spec": { "exposure": { "enforces": { "redirect": true, "headers": true } } } });
    let policies = Api::<HardeningPolicy>::all(place.client.clone());
    policies.patch(place.name(), &PatchParams::default(), &Patch::Merge(attested)).await?;
    place.ready(&name).await?;
    let (response, session) = responds(&visitor, host, StatusCode::OK).await?;
    ensure!(session.certificate == Some(certificate) && response.body == "ok", "{session:?}");
    print(host, &versions(&authority, host, true).await?);
    Ok(())
}
