//! What each profile makes, accepted by the definitions of the APIs, and what the status says of it.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::stage::{
    contour, expose, gateway, host, host_with_secret, manifest, names, parents, plain, report, stage, traefik,
};
use crate::scene::Scene;
use crate::wait::LIMIT;

/// What a profile makes: how many objects of each kind.
struct Profile {
    prefix: &'static str,
    policy: Value,
    exposure: Value,
    objects: &'static [(&'static str, usize)],
}

fn profiles() -> Vec<Profile> {
    let mut of_app = gateway();
    if let Some(gateway) = of_app.pointer_mut("/gateway").and_then(Value::as_object_mut) {
        gateway.insert("listeners".to_owned(), json!("App"));
    }
    let with = |exposure: Value, more: Value| {
        let mut exposure = exposure;
        if let (Some(fields), Value::Object(more)) = (exposure.as_object_mut(), more) {
            fields.extend(more);
        }
        exposure
    };
    let limits = || json!({ "rateLimit": { "requestsPerSecond": 5, "burst": 10 }, "minTLSVersion": "1.3", "allowCIDRs": ["203.0.113.0/24"] });
    vec![
        Profile {
            prefix: "gateway",
            policy: gateway(),
            exposure: with(
                host("gateway.example.com"),
                json!({ "backendTLS": { "hostname": "web.internal", "caConfigMap": "ca" } }),
            ),
            objects: &[("HTTPRoute", 2), ("BackendTLSPolicy", 1)],
        },
        Profile {
            prefix: "listeners",
            policy: of_app,
            exposure: host("listeners.example.com"),
            objects: &[("HTTPRoute", 2), ("ListenerSet", 1), ("Certificate", 1)],
        },
        Profile {
            prefix: "ingress",
            policy: plain(),
            exposure: host_with_secret("ingress.example.com", "shop"),
            objects: &[("Ingress", 1)],
        },
        Profile {
            prefix: "contour",
            policy: contour(),
            exposure: with(
                with(host("contour.example.com"), limits()),
                json!({ "backendTLS": { "hostname": "web.internal", "caSecret": "ca" } }),
            ),
            objects: &[("HTTPProxy", 1), ("Certificate", 1)],
        },
        Profile {
            prefix: "traefik",
            policy: traefik(),
            exposure: with(with(host("traefik.example.com"), limits()), json!({ "maxBodySize": "1Mi" })),
            objects: &[("Ingress", 2), ("Middleware", 5), ("TLSOption", 1), ("Certificate", 1)],
        },
    ]
}

/// The API server stores what is written as it is: a second reconciliation writes nothing.
#[tokio::test]
async fn the_definitions_accept_the_objects_of_every_profile_as_they_are() -> Result<()> {
    for Profile { prefix, policy, exposure, objects } in profiles() {
        let scene = stage(Scene::open(prefix).await?, policy).await?;
        scene.create_from(manifest("shop", &json!([exposure]))?).await?;
        let made: usize = objects.iter().map(|(_, count)| count).sum();
        // ServiceAccount, NetworkPolicy, Deployment, Service, PodDisruptionBudget.
        scene
            .reported("shop", "all children are in place", |status| {
                let entries = status.children.len().checked_sub(5)?;
                (entries == made).then_some(())
            })
            .await?;
        for (kind, count) in objects {
            ensure!(names(&scene, kind).await?.len() == *count, "{prefix}: {kind}");
        }
        let before = scene.quiet().await?;
        // Another generation with the same objects.
        let patch = json!({ "drift": { "mode": "Enforce" } });
        let parameters = kube::api::PatchParams::default();
        scene.apps().patch("shop", &parameters, &kube::api::Patch::Merge(json!({ "spec": patch }))).await?;
        scene
            .reported("shop", "the new generation is applied", |status| {
                (status.applied_generation == Some(2)).then_some(())
            })
            .await?;
        let after = scene.quiet().await?;
        let writes = after.iter().skip(before.len()).filter(|request| request.subresource.is_none());
        let writes: Vec<String> = writes.map(|request| format!("{} {}", request.verb, request.resource)).collect();
        ensure!(writes.iter().all(|write| write.ends_with("controllerrevisions")), "{prefix}: {writes:?}");
        expose(&scene, "shop", &json!([])).await?;
        scene
            .reported("shop", "all objects of the host are gone", |status| (status.children.len() == 5).then_some(()))
            .await?;
        for (kind, _) in objects {
            e2e::until("they are gone", LIMIT, async || Ok(names(&scene, kind).await?.is_empty().then_some(())))
                .await?;
        }
        println!(
            "{prefix}: {objects:?}, {} requests to create, {} to look again",
            before.len(),
            after.len() - before.len()
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_host_is_exposed_once_its_gateway_has_accepted_its_routes() -> Result<()> {
    let scene = stage(Scene::open("accepted").await?, gateway()).await?;
    scene.create_from(manifest("shop", &json!([host("accepted.example.com")]))?).await?;
    scene.condition_saying("shop", "Exposed", "False", "RoutePending", "no controller has accepted it yet").await?;
    scene.condition("shop", "Ready", "False", "RoutePending").await?;
    let routes = names(&scene, "HTTPRoute").await?;
    report(&scene, "HTTPRoute", &routes[0], parents(1, true, "Accepted")).await?;
    report(&scene, "HTTPRoute", &routes[1], parents(1, false, "NotAllowedByListeners")).await?;
    scene.condition_saying("shop", "Exposed", "False", "RouteRefused", "NotAllowedByListeners").await?;
    scene.condition("shop", "Stalled", "True", "RouteRefused").await?;
    report(&scene, "HTTPRoute", &routes[1], parents(1, true, "Accepted")).await?;
    scene.condition("shop", "Exposed", "True", "Exposed").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let urls = scene.apps().get("shop").await?.status.unwrap_or_default().urls;
    assert_eq!(urls, ["https://accepted.example.com"]);
    let shown = scene.kubectl(&["get", "happ", "shop"]).await?;
    assert!(shown.contains("accepted.example.com"), "the column HOST: {shown}");
    // What was said of an earlier version counts no more.
    let mut stricter = host("accepted.example.com");
    if let Some(fields) = stricter.as_object_mut() {
        fields.insert("headers".to_owned(), json!({ "referrerPolicy": "no-referrer" }));
    }
    expose(&scene, "shop", &json!([stricter])).await?;
    scene.condition("shop", "Exposed", "False", "RoutePending").await?;
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_is_not_issued_or_not_renewed_is_said() -> Result<()> {
    let scene = stage(Scene::open("certificate").await?, contour()).await?;
    scene.create_from(manifest("shop", &json!([host("certificate.example.com")]))?).await?;
    let name = names_of(&scene, "Certificate").await?;
    let condition = |status: &str, message: &str| {
        json!([{
            "type": "Ready", "status": status, "reason": "Issuing", "message": message, "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }])
    };
    report(&scene, "Certificate", &name, json!({ "conditions": condition("False", "the order has failed") })).await?;
    scene.condition_saying("shop", "Exposed", "False", "CertificateMissing", "the order has failed").await?;
    let proxy = names_of(&scene, "HTTPProxy").await?;
    let valid = json!([{
        "type": "Valid", "status": "True", "reason": "Valid", "message": "", "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]);
    report(&scene, "HTTPProxy", &proxy, json!({ "currentStatus": "valid", "conditions": valid })).await?;
    let dates = |renewal: &str, expiry: &str| json!({ "conditions": condition("True", ""), "renewalTime": renewal, "notAfter": expiry });
    report(&scene, "Certificate", &name, dates("2040-01-01T00:00:00Z", "2040-02-01T00:00:00Z")).await?;
    scene.condition("shop", "Exposed", "True", "Exposed").await?;
    report(&scene, "Certificate", &name, dates("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z")).await?;
    scene
        .reported("shop", "the certificate expires", |status| {
            let mut findings = status.findings.iter();
            findings
                .find(|finding| finding.check == "certificate-expiring" && finding.message.contains("2026-12-31"))
                .map(drop)
        })
        .await
}

/// The only object of a kind, once it is there.
async fn names_of(scene: &Scene, kind: &str) -> Result<String> {
    e2e::until("the object is there", crate::wait::LIMIT, async || Ok(names(scene, kind).await?.pop())).await
}

#[tokio::test]
async fn what_nothing_enforces_is_not_exposed_and_says_what() -> Result<()> {
    let scene = stage(Scene::open("unenforced").await?, json!({ "ingress": { "className": "edge" } })).await?;
    scene.create_from(manifest("shop", &json!([host_with_secret("unenforced.example.com", "shop")]))?).await?;
    let says = "the profile Ingress can't enforce minTLSVersion, the redirect to HTTPS, headers…exposure.enforces (minTLSVersion, redirect, headers)";
    scene.condition_saying("shop", "Exposed", "False", "NotEnforceable", says).await?;
    scene.condition("shop", "Stalled", "True", "NotEnforceable").await?;
    scene.quiet().await?;
    assert!(names(&scene, "Ingress").await?.is_empty());
    let policy = scene.live("NetworkPolicy", "shop-web").await?;
    assert_eq!(policy.pointer("/spec/ingress"), None, "the controller's pods may not connect: {policy}");
    // Its removal takes the objects of an exposed host away, and the rule that let the controller in.
    crate::policies::policy(
        &scene,
        scene.name(),
        json!({ "exposure": {
        "allowedHosts": ["*.example.com"],
        "ingress": { "className": "edge" },
        "enforces": { "minTLSVersion": "1.2", "redirect": true, "headers": true },
        "controllers": [{ "namespace": "edge", "podLabels": { "app": "envoy" } }],
    } }),
    )
    .await?;
    scene.condition("shop", "Exposed", "True", "Exposed").await?;
    let ingress = names(&scene, "Ingress").await?;
    expose(&scene, "shop", &json!([])).await?;
    scene.gone("Ingress", &ingress[0]).await?;
    scene
        .object("NetworkPolicy", "shop-web", "nobody may connect", |policy| {
            policy.pointer("/spec/ingress").is_none().then_some(())
        })
        .await?;
    Ok(())
}
