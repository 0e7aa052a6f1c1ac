//! Installs the operator as a pod, as the README describes.

use anyhow::{Result, ensure};

use super::apply::apply;
use super::images;
use super::registry::REGISTRY;
use crate::control_plane::ControlPlane;
use crate::operator;

/// The image in the manifest, a placeholder.
const PLACEHOLDER: &str = "registry.example.com/hardened-app:0.1.0";

/// What each replica asks for. The two CPUs of the node have room for one replica beside the largest sample, so both ask for half.
const REQUEST: &str = "requests:\n            cpu: 200m";

/// Installs the operator with an image of the node's registry, and waits until its pod is ready.
///
/// # Errors
/// When the API server rejects an object, or when the pod doesn't become ready.
pub async fn install(control_plane: &ControlPlane) -> Result<()> {
    let manifest = operator::manifest()?;
    ensure!(manifest.contains(PLACEHOLDER), "the manifest no longer contains {PLACEHOLDER}");
    ensure!(manifest.contains(REQUEST), "the manifest no longer contains {REQUEST}");
    let manifest = manifest.replace(PLACEHOLDER, &format!("{REGISTRY}/{}", images::OPERATOR));
    let manifest = manifest.replace(REQUEST, &REQUEST.replace("200m", "100m"));
    apply(control_plane, manifest, ("hardened-system", "hardened-app")).await
}
