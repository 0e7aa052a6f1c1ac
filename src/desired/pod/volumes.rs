//! What is mounted into a pod, and where.

use serde_json::{Value, json};

use crate::{
    app::{Mount, MountSource, short_hash},
    desired::json::insert,
};

/// Name of the volume that a pod has from a claim of its own, and of the template of the claim.
pub(in crate::desired) const OWN: &str = "data";

/// Octal 0440 in the decimal form of JSON: readable by user and group, not writable.
const READ_ONLY_MODE: i32 = 288;

/// Depends only on the source and path of the mount, so that a new mount doesn't rename other volumes.
fn volume_name(mount: &Mount) -> String {
    let kind = match &mount.source {
        MountSource::Writable(_) if mount.path == "/tmp" => return "tmp".to_owned(),
        MountSource::Writable(_) => "writable",
        MountSource::ConfigMap(_) => "config",
        MountSource::Secret(_) => "secret",
        MountSource::Claim { volume, .. } => return format!("claim-{volume}"),
        MountSource::Own => return OWN.to_owned(),
    };
    format!("{kind}-{}", short_hash(&mount.path))
}

/// Secrets and ConfigMaps are projected rather than mounted as volumes of their own: the files are the same, and
/// Kubescape C-0255 and C-0258 flag the other form.
/// `None` for a volume of the pod's own: the object that creates the pod has a template for its claim.
pub(super) fn volume(mount: &Mount) -> Option<Value> {
    let projected = |source: Value| json!({ "defaultMode": READ_ONLY_MODE, "sources": [source] });
    let name = volume_name(mount);
    Some(match &mount.source {
        MountSource::Own => return None,
        MountSource::Writable(size) => json!({ "name": name, "emptyDir": { "sizeLimit": size.to_string() } }),
        MountSource::ConfigMap(map) => {
            json!({ "name": name, "projected": projected(json!({ "configMap": { "name": map } })) })
        }
        MountSource::Secret(secret) => {
            json!({ "name": name, "projected": projected(json!({ "secret": { "name": secret } })) })
        }
        MountSource::Claim { claim, .. } => json!({ "name": name, "persistentVolumeClaim": { "claimName": claim } }),
    })
}

pub(super) fn volume_mount(mount: &Mount) -> Value {
    let mut mounted = json!({ "name": volume_name(mount), "mountPath": mount.path });
    if mount.source.is_read_only() {
        insert(&mut mounted, "readOnly", json!(true));
    }
    mounted
}
