//! What others change of the objects of hosts is reverted and named.

use anyhow::Result;
use futures::future::try_join_all;
use hardened_app::api::DriftChange;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::stage::{contour, gateway, host, host_with_secret, manifest, names, plain, stage, traefik};
use crate::declared::declared;
use crate::scene::Scene;

/// A change that weakens an object, as a patch of it.
struct Tampering {
    prefix: &'static str,
    policy: Value,
    kind: &'static str,
    patch: Value,
    path: &'static str,
    change: DriftChange,
}

fn tamperings() -> Vec<Tampering> {
    let backend = json!({ "service": { "name": "attacker", "port": { "number": 80 } } });
    vec![
        Tampering {
            prefix: "drift-headers",
            policy: gateway(),
            kind: "HTTPRoute",
            patch: json!([{ "op": "remove", "path": "/spec/rules/0/filters/0" }]),
            path: "spec.rules",
            change: DriftChange::Removed,
        },
        Tampering {
            prefix: "drift-host",
            policy: gateway(),
            kind: "HTTPRoute",
            patch: json!([{ "op": "add", "path": "/spec/hostnames/-", "value": "admin.example.com" }]),
            path: "spec.hostnames",
            change: DriftChange::Added,
        },
        Tampering {
            prefix: "drift-tls",
            policy: plain(),
            kind: "Ingress",
            patch: json!([{ "op": "remove", "path": "/spec/tls" }]),
            path: "spec.tls",
            change: DriftChange::Removed,
        },
        Tampering {
            prefix: "drift-route",
            policy: plain(),
            kind: "Ingress",
            patch: json!([{ "op": "add", "path": "/spec/rules/0/http/paths/-", "value": { "path": "/admin", "pathType": "Prefix", "backend": backend } }]),
            path: "spec.rules",
            change: DriftChange::Added,
        },
        Tampering {
            prefix: "drift-snippet",
            policy: plain(),
            kind: "Ingress",
            patch: json!([{ "op": "add", "path": "/metadata/annotations/nginx.ingress.kubernetes.io~1configuration-snippet", "value": "return 200;" }]),
            path: "metadata.annotations[nginx.ingress.kubernetes.io/configuration-snippet]",
            change: DriftChange::Added,
        },
        Tampering {
            prefix: "drift-version",
            policy: contour(),
            kind: "HTTPProxy",
            patch: json!([{ "op": "remove", "path": "/spec/virtualhost/tls/minimumProtocolVersion" }]),
            path: "spec.virtualhost.tls.minimumProtocolVersion",
            change: DriftChange::Removed,
        },
        Tampering {
            prefix: "drift-insecure",
            policy: contour(),
            kind: "HTTPProxy",
            patch: json!([{ "op": "add", "path": "/spec/routes/0/permitInsecure", "value": true }]),
            path: "spec.routes[0].permitInsecure",
            change: DriftChange::Added,
        },
        Tampering {
            prefix: "drift-option",
            policy: traefik(),
            kind: "TLSOption",
            patch: json!([{ "op": "replace", "path": "/spec/minVersion", "value": "VersionTLS10" }]),
            path: "spec.minVersion",
            change: DriftChange::Changed,
        },
        Tampering {
            prefix: "drift-issuer",
            policy: contour(),
            kind: "Certificate",
            patch: json!([{ "op": "replace", "path": "/spec/issuerRef/name", "value": "self-signed" }]),
            path: "spec.issuerRef.name",
            change: DriftChange::Changed,
        },
    ]
}

async fn is_reverted(tampering: Tampering) -> Result<()> {
    let Tampering { prefix, policy, kind, patch, path, change } = tampering;
    let scene = stage(Scene::open(prefix).await?, policy).await?;
    let name = format!("{prefix}.example.com");
    let exposure = if kind == "Ingress" { host_with_secret(&name, "shop") } else { host(&name) };
    scene.create_from(manifest("shop", &json!([exposure]))?).await?;
    scene.reported("shop", "it is applied", |status| status.applied_generation.map(drop)).await?;
    let object = names(&scene, kind).await?.remove(0);
    let before = declared(&scene.live(kind, &object).await?);
    let patch = Patch::Json::<()>(serde_json::from_value(patch)?);
    scene
        .objects(kind)?
        .patch(
            &object,
            &PatchParams { field_manager: Some("kubectl-edit".to_owned()), ..PatchParams::default() },
            &patch,
        )
        .await?;
    let item = scene.reverted("shop", path, |item| item.kind == kind && item.path.starts_with(path)).await?;
    // A field that isn't there any more has no manager; a list that lacks a member has.
    let is_named = item.manager == "kubectl-edit" || change == DriftChange::Removed;
    assert!(item.change == change && is_named && item.dangerous, "{prefix}: {item:?}");
    assert_eq!(declared(&scene.live(kind, &object).await?), before, "{prefix}");
    Ok(())
}

#[tokio::test]
async fn what_weakens_a_host_is_reverted_and_named() -> Result<()> {
    try_join_all(tamperings().into_iter().map(is_reverted)).await?;
    Ok(())
}
