//! Contour, with Envoy as its data plane: HTTP and HTTPS enter the cluster here, by `HTTPRoute`, Ingress and `HTTPProxy`.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context, Result};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::json;

use super::apply::apply;
use super::command::run;
use super::images;
use crate::control_plane::ControlPlane;

const MANIFEST: &str = include_str!("../../node/contour.yaml");

/// Where Envoy listens: on port 80 for HTTP, on port 443 for HTTPS.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 80);

/// The namespace of Contour, of Envoy and of the Gateway.
pub const NAMESPACE: &str = "projectcontour";

/// The Gateway, to which routes of all namespaces may attach. Its listeners are `http` and `https`.
pub const GATEWAY: &str = "edge";

/// The files that `contour certgen` writes.
const CERTIFICATES: [&str; 2] = ["contourcert.yaml", "envoycert.yaml"];

/// Starts Contour and Envoy, and waits until they are ready. They stay until the node ends; to start them again changes nothing
/// but the Gateway, which gets back what [`serve`] has changed. The definitions of their APIs must be installed.
///
/// # Errors
/// When the API server rejects an object, or a pod doesn't become ready.
pub async fn start(control_plane: &ControlPlane) -> Result<()> {
    let certificates = control_plane.dir().join("contour");
    if !certificates.exists() {
        generate(control_plane, &certificates).await?;
    }
    let mut manifest = MANIFEST.to_owned();
    for file in CERTIFICATES {
        let file = certificates.join(file);
        let secret = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        manifest = [&manifest, "---\n", &secret].concat();
    }
    apply(control_plane, manifest, (NAMESPACE, "envoy")).await
}

/// Writes the Secrets of Contour and Envoy to a folder.
async fn generate(control_plane: &ControlPlane, folder: &Path) -> Result<()> {
    let contour = images::contour()?;
    // It makes a client that it doesn't use.
    let kubeconfig = format!("--kubeconfig={}", control_plane.admin_kubeconfig().display());
    let namespace = format!("--namespace={NAMESPACE}");
    let folder = folder.to_string_lossy();
    let arguments =
        ["certgen", "--yaml", "--secrets-format=compact", "--no-incluster", &kubeconfig, &namespace, &folder];
    run(&contour.to_string_lossy(), &arguments).await
}

/// Lets the Gateway's listener `https` use the certificate in a Secret. In another namespace than that of the Gateway, a
/// `ReferenceGrant` has to allow it.
///
/// # Errors
/// When the API server rejects it.
pub async fn serve(client: &Client, namespace: &str, secret: &str) -> Result<()> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "Gateway"));
    let gateways: Api<DynamicObject> = Api::namespaced_with(client.clone(), NAMESPACE, &kind);
    let tls = json!({ "certificateRefs": [{ "name": secret, "namespace": namespace }] });
    let gateway = json!({
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "spec": { "listeners": [{ "name": "https", "protocol": "HTTPS", "port": 443, "tls": tls }] },
    });
    gateways.patch(GATEWAY, &PatchParams::apply("test").force(), &Patch::Apply(gateway)).await?;
    Ok(())
}
