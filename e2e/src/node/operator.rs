//! Installs the operator as a pod, as the README describes.

use anyhow::{Result, ensure};

use super::apply::apply;
use super::images;
use super::registry::REGISTRY;
use crate::control_plane::ControlPlane;
use crate::operator;

/// The image in the manifest, a placeholder.
const PLACEHOLDER: &str = "registry.example.com/hardened-app:0.1.0";

/// Installs the operator with an image of the node's registry, and waits until its pod is ready.
///
/// # Errors
/// When the API server rejects an object, or when the pod doesn't become ready.
pub async fn install(control_plane: &ControlPlane) -> Result<()> {
    let manifest = operator::manifest()?;
    ensure!(manifest.contains(PLACEHOLDER), "the manifest no longer contains {PLACEHOLDER}");
    let manifest = manifest.replace(PLACEHOLDER, &format!("{REGISTRY}/{}", images::OPERATOR));
    apply(control_plane, manifest, ("hardened-system", "hardened-app")).await
}
