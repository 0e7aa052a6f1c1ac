//! The CustomResourceDefinitions, as they are committed under `crds/` and installed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSON};
use kube::CustomResourceExt;
use serde_json::json;

use super::{hardened_app::HardenedApp, policy::HardeningPolicy};

/// Both definitions, in the order they are installed.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![with_unseen_status(HardenedApp::crd()), HardeningPolicy::crd()]
}

/// Gives a new object the status `observedGeneration: -1`. kstatus treats an object without conditions as complete, but
/// an object whose observed generation differs from its own as in progress. So `helm --wait` waits for the operator.
fn with_unseen_status(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        let status = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut())
            .and_then(|root| root.properties.as_mut())
            .and_then(|properties| properties.get_mut("status"));
        if let Some(status) = status {
            status.default = Some(JSON(json!({ "observedGeneration": -1 })));
        }
    }
    crd
}
