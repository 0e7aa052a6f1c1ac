//! A namespace with a policy of its own about exposures.

use anyhow::Result;
use hardened_app::api::{HardenedApp, HardenedAppStatus, POLICY_LABEL};
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::policies::policy;
use crate::scene::{Scene, WEB};

/// A namespace whose policy has this to say about exposures, besides what all say.
pub(super) async fn stage(scene: Scene, exposure: Value) -> Result<Scene> {
    let mut rules = json!({
        "allowedHosts": ["*.example.com"],
        "issuers": [{ "name": "letsencrypt" }],
        "controllers": [{ "namespace": "edge", "podLabels": { "app": "envoy" } }],
    });
    if let (Some(rules), Value::Object(exposure)) = (rules.as_object_mut(), exposure) {
        rules.extend(exposure);
    }
    policy(&scene, scene.name(), json!({ "exposure": rules })).await?;
    scene.label(POLICY_LABEL, Some(scene.name())).await?;
    Ok(scene)
}

/// What policies say of a Gateway with listeners of the platform.
pub(super) fn gateway() -> Value {
    json!({ "gateway": { "name": "edge", "namespace": "edge" }, "enforces": { "minTLSVersion": "1.2" } })
}

/// What policies say of plain Ingresses.
pub(super) fn plain() -> Value {
    json!({
        "ingress": { "className": "edge" },
        "enforces": { "minTLSVersion": "1.2", "redirect": true, "headers": true },
    })
}

/// What policies say of Contour.
pub(super) fn contour() -> Value {
    json!({ "ingress": { "className": "edge", "profile": "Contour" } })
}

/// What policies say of Traefik.
pub(super) fn traefik() -> Value {
    json!({ "ingress": { "className": "edge", "profile": "Traefik" } })
}

/// The manifest of an app with these exposures.
pub(super) fn manifest(name: &str, exposures: &Value) -> Result<Value> {
    let components: Value = serde_saphyr::from_str(WEB)?;
    Ok(json!({ "metadata": { "name": name }, "spec": { "components": components, "exposures": exposures } }))
}

/// A host that leads to the only component.
pub(super) fn host(host: &str) -> Value {
    json!({ "host": host, "routes": [{ "path": "/", "component": "web" }] })
}

/// One whose certificate exists.
pub(super) fn host_with_secret(name: &str, app: &str) -> Value {
    let mut exposure = host(name);
    if let Some(fields) = exposure.as_object_mut() {
        fields.insert("tls".to_owned(), json!({ "secretName": format!("{app}-tls") }));
    }
    exposure
}

/// Replaces the exposures of an app.
pub(super) async fn expose(scene: &Scene, name: &str, exposures: &Value) -> Result<HardenedApp> {
    let patch = Patch::Merge(json!({ "spec": { "exposures": exposures } }));
    Ok(scene.apps().patch(name, &PatchParams::default(), &patch).await?)
}

/// The names of the objects of a kind that the operator has made in the namespace.
pub(super) async fn names(scene: &Scene, kind: &str) -> Result<Vec<String>> {
    let made = ListParams::default().labels("app.kubernetes.io/managed-by=hardened-app");
    let objects = scene.objects(kind)?.list(&made).await?;
    Ok(objects.iter().map(ResourceExt::name_any).collect())
}

/// Reports for a controller what it has made of an object.
pub(super) async fn report(scene: &Scene, kind: &str, name: &str, status: Value) -> Result<()> {
    let api: Api<DynamicObject> = scene.objects(kind)?;
    api.patch_status(name, &PatchParams::default(), &Patch::Merge(json!({ "status": status }))).await?;
    Ok(())
}

/// What a Gateway reports of a route: its conditions, true or not.
pub(super) fn parents(generation: i64, holds: bool, reason: &str) -> Value {
    let condition = |kind: &str| {
        json!({
            "type": kind, "status": if holds { "True" } else { "False" }, "reason": reason, "message": "",
            "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    json!({ "parents": [{
        "parentRef": { "name": "edge", "namespace": "edge" },
        "controllerName": "example.com/controller",
        "conditions": [condition("Accepted"), condition("ResolvedRefs")],
    }] })
}

/// Deletes an app.
pub(super) async fn delete(scene: &Scene, name: &str) -> Result<()> {
    scene.apps().delete(name, &DeleteParams::background()).await?;
    Ok(())
}

/// Whether the status says that a host leads to the app.
pub(super) fn is_exposed(status: &HardenedAppStatus, host: &str) -> bool {
    status.exposures.iter().any(|exposure| exposure.host == host && exposure.exposed)
}
