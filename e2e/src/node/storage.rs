//! The provisioner of the node's storage class: it gives each claim a folder of the node.

use std::fs;
use std::path::Path;
use std::pin::pin;

use anyhow::{Context, Result};
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::api::{Patch, PatchParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use serde_json::json;
use tokio::task::JoinHandle;

use super::identity::STATE;

/// The name of the class in e2e/node/storage.yaml.
const CLASS: &str = "node";

/// The scheduler sets it on a claim when it has chosen a node for the first pod that uses the claim.
const CHOSEN: &str = "volume.kubernetes.io/selected-node";

/// Provisions until the task is aborted.
pub(super) fn start(client: Client) -> JoinHandle<()> {
    tokio::spawn(async move {
        let claims: Api<PersistentVolumeClaim> = Api::all(client.clone());
        let mut changes = pin!(watcher(claims, watcher::Config::default()).default_backoff().applied_objects());
        loop {
            match changes.try_next().await {
                Ok(Some(claim)) => {
                    if let Err(error) = provision(&client, &claim).await {
                        eprintln!("cannot provision a volume: {error:#}");
                    }
                }
                Ok(None) => return,
                // The watch is started again.
                Err(_) => {}
            }
        }
    })
}

/// Creates the volume of a claim. The controller manager binds it.
async fn provision(client: &Client, claim: &PersistentVolumeClaim) -> Result<()> {
    let Some(spec) = &claim.spec else { return Ok(()) };
    let chosen = claim.metadata.annotations.as_ref().and_then(|annotations| annotations.get(CHOSEN));
    let (Some(node), Some(CLASS), None) = (chosen, spec.storage_class_name.as_deref(), &spec.volume_name) else {
        return Ok(());
    };
    let uid = claim.metadata.uid.as_deref().context("a claim without a uid")?;
    let folder = Path::new(STATE).join("volumes").join(uid);
    fs::create_dir_all(&folder)?;
    let here =
        json!([{ "matchExpressions": [{ "key": "kubernetes.io/hostname", "operator": "In", "values": [node] }] }]);
    let volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": { "name": format!("pvc-{uid}") },
        "spec": {
            "capacity": spec.resources.as_ref().and_then(|resources| resources.requests.as_ref()),
            "accessModes": spec.access_modes,
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": claim.metadata.namespace,
                "name": claim.metadata.name,
                "uid": uid,
            },
            "local": { "path": folder },
            "nodeAffinity": { "required": { "nodeSelectorTerms": here } },
        },
    });
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    let parameters = PatchParams::apply("provisioner").force();
    volumes.patch(&format!("pvc-{uid}"), &parameters, &Patch::Apply(volume)).await?;
    Ok(())
}
