//! A minimal manifest of every kind that the operator writes, of further kinds, and of a custom resource.

use anyhow::Result;
use e2e::until;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::playground::{LIMIT, Playground};

const KINDS: &str = include_str!("kinds.yaml");

/// The manifests, once the API server serves all their kinds.
pub(super) async fn manifests(playground: &Playground) -> Result<Vec<Value>> {
    let manifests: Vec<Value> = serde_saphyr::from_multiple(KINDS)?;
    define_widgets(playground).await?;
    for manifest in &manifests {
        let api = playground.api(manifest)?;
        until("the API server serves the kind", LIMIT, async || {
            Ok(api.list(&ListParams::default().limit(1)).await.ok())
        })
        .await?;
    }
    Ok(manifests)
}

async fn define_widgets(playground: &Playground) -> Result<()> {
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.e2e.hardened.dev" },
        "spec": {
            "group": "e2e.hardened.dev",
            "scope": "Namespaced",
            "names": { "kind": "Widget", "plural": "widgets" },
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    });
    let api: Api<CustomResourceDefinition> = Api::all(playground.client.clone());
    let parameters = PatchParams::apply("e2e").force();
    api.patch("widgets.e2e.hardened.dev", &parameters, &Patch::Apply(&definition)).await?;
    Ok(())
}
