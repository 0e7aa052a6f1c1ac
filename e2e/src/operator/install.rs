//! Installs the operator's manifests.

use anyhow::{Context, Result};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::{GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::definitions;
use crate::repository;

/// The manifest with the custom resource definitions, relative to the root of the repository.
const DEFINITIONS: &str = "deploy/crds.yaml";

/// The manifest with everything else: what is deleted to remove the operator.
const MANIFEST: &str = "deploy/install.yaml";

/// Reads both manifests, as one.
pub(crate) fn manifest() -> Result<String> {
    let read = |name: &&str| {
        let file = repository::root().join(name);
        std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    [DEFINITIONS, MANIFEST].iter().map(read).collect()
}

/// Applies both manifests without the Deployment: there is no node, the tests run the program themselves.
/// Returns when the API server serves the custom resources.
///
/// # Errors
/// When the API server rejects a manifest.
pub async fn install(control_plane: &ControlPlane) -> Result<()> {
    install_manifest(control_plane, &manifest()?).await
}

/// Like [`install()`], with the manifest of another version.
///
/// # Errors
/// When the API server rejects something.
pub async fn install_manifest(control_plane: &ControlPlane, manifest: &str) -> Result<()> {
    let client = control_plane.admin_client().await?;
    let manifests = serde_saphyr::from_multiple::<Value>(manifest)?;
    for manifest in manifests.iter().filter(|manifest| manifest.get("kind") != Some(&"Deployment".into())) {
        let applied = apply(&client, manifest).await;
        applied.context("cannot apply the manifests")?;
    }
    definitions::served(&client, |definition| definition.spec.group == hardened_app::api::GROUP).await
}

async fn apply(client: &Client, manifest: &Value) -> Result<()> {
    let types: TypeMeta = serde_json::from_value(manifest.clone())?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
    let text = |pointer| manifest.pointer(pointer).and_then(Value::as_str);
    let api: Api<DynamicObject> = match text("/metadata/namespace") {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = text("/metadata/name").context("a manifest without a name")?;
    api.patch(name, &PatchParams::apply("install").force(), &Patch::Apply(manifest)).await?;
    Ok(())
}
