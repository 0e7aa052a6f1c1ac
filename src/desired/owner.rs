//! The owner reference of every child.

use kube::Resource;
use serde_json::{Value, json};

use crate::{api::HardenedApp, app::AppId};

/// Without `blockOwnerDeletion`: setting it requires permission to update finalizers of the owner if
/// `OwnerReferencesPermissionEnforcement` is on, as on OpenShift.
pub(super) fn owner_reference(id: &AppId) -> Value {
    json!({
        "apiVersion": HardenedApp::api_version(&()),
        "kind": HardenedApp::kind(&()),
        "name": id.name,
        "uid": id.uid,
        "controller": true,
    })
}
