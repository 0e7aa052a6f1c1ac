//! A volume on the node's disk, in place of the storage of a platform.

use anyhow::Result;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::place::Place;

/// Creates a PersistentVolumeClaim bound to a volume that several pods may mount.
pub(crate) async fn claim(place: &Place, name: &str, folder: &str) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let volume = format!("{}-{name}", place.name());
    let modes = json!(["ReadWriteMany"]);
    let any_node = json!([{ "matchExpressions": [{ "key": "kubernetes.io/os", "operator": "Exists" }] }]);
    let manifest = json!({
        "metadata": { "name": volume },
        "spec": {
            "capacity": { "storage": "1Gi" },
            "accessModes": modes,
            "local": { "path": folder },
            "nodeAffinity": { "required": { "nodeSelectorTerms": any_node } },
        },
    });
    let volumes: Api<PersistentVolume> = Api::all(place.client.clone());
    volumes.create(&PostParams::default(), &serde_json::from_value(manifest)?).await?;
    let claim = json!({
        "metadata": { "name": name },
        "spec": {
            "accessModes": modes,
            "volumeName": volume,
            "storageClassName": "",
            "resources": { "requests": { "storage": "1Gi" } },
        },
    });
    place.create::<PersistentVolumeClaim>(claim).await?;
    Ok(())
}
