//! APIs that a cluster may have or not: what is there is watched, from the moment it is.

use anyhow::Result;
use e2e::{ControlPlane, operator, rights, until};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::wait::LIMIT;

/// Only what the API server needs to serve the kind.
fn http_routes() -> Result<CustomResourceDefinition> {
    Ok(serde_json::from_value(json!({
        "metadata": {
            "name": "httproutes.gateway.networking.k8s.io",
            "annotations": { "api-approved.kubernetes.io": "unapproved, of a test" },
        },
        "spec": {
            "group": "gateway.networking.k8s.io",
            "names": { "kind": "HTTPRoute", "listKind": "HTTPRouteList", "plural": "httproutes", "singular": "httproute" },
            "scope": "Namespaced",
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
    }))?)
}

#[tokio::test]
async fn routes_of_the_gateway_api_are_watched_once_the_cluster_has_them() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    let definitions: Api<CustomResourceDefinition> = Api::all(control_plane.admin_client().await?);
    let watched = || -> Result<bool> {
        let asked = rights::asked(&control_plane.audit_log(), operator::USER)?;
        Ok(asked.allowed.iter().any(|right| right.to_string() == "watch httproutes of gateway.networking.k8s.io"))
    };
    assert!(!watched()?, "what the API server doesn't have isn't asked for");
    definitions.create(&PostParams::default(), &http_routes()?).await?;
    until("the operator watches HTTPRoutes", LIMIT, async || Ok(watched()?.then_some(()))).await
}
