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

#[cfg(test)]
mod tests {
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSONSchemaProps, JSONSchemaPropsOrArray};

    use super::*;

    /// The values that a description explains though it leaves out others, by their path.
    fn partly_explained(schema: &JSONSchemaProps, path: &str, found: &mut Vec<String>) {
        let description = schema.description.as_deref().unwrap_or_default();
        let values: Vec<String> =
            schema.enum_.iter().flatten().map(|value| format!("`{}`", value.0.as_str().unwrap())).collect();
        let (explained, missing): (Vec<_>, Vec<_>) = values.into_iter().partition(|value| description.contains(value));
        if !explained.is_empty() && !missing.is_empty() {
            found.push(format!("{path}: {missing:?}"));
        }
        for (name, below) in schema.properties.iter().flatten() {
            partly_explained(below, &format!("{path}.{name}"), found);
        }
        if let Some(JSONSchemaPropsOrArray::Schema(member)) = &schema.items {
            partly_explained(member, &format!("{path}[]"), found);
        }
    }

    #[test]
    fn a_description_that_explains_values_explains_all() {
        let mut found = Vec::new();
        for crd in crds() {
            for version in &crd.spec.versions {
                let schema = version.schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
                partly_explained(schema, &crd.spec.names.kind, &mut found);
            }
        }
        assert_eq!(found, [""; 0]);
    }
}
