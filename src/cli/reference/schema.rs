//! What the page needs to know of a schema's form.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};

/// The versions that the API server serves.
pub(super) fn versions(crd: &CustomResourceDefinition) -> impl Iterator<Item = &CustomResourceDefinitionVersion> {
    crd.spec.versions.iter().filter(|version| version.served)
}

/// What a list or map holds, and what the path says for it; else the field itself.
pub(super) fn member(field: &JSONSchemaProps) -> (&str, &JSONSchemaProps) {
    match (&field.items, &field.additional_properties) {
        (Some(JSONSchemaPropsOrArray::Schema(items)), _) => ("[]", items),
        (_, Some(JSONSchemaPropsOrBool::Schema(values))) => ("{}", values),
        _ => ("", field),
    }
}
