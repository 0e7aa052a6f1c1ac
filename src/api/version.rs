//! Versions of objects.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The resourceVersion as a number. Kubernetes 1.35 and later guarantee that versions can be compared (KEP-5504);
/// earlier versions don't guarantee it, but it holds with etcd.
#[must_use]
pub fn version(metadata: &ObjectMeta) -> u64 {
    metadata.resource_version.as_ref().and_then(|version| version.parse().ok()).unwrap_or_default()
}
