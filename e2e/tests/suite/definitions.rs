//! The definitions of optional APIs: tests find them on the shared control plane, and a separate one can get and lose them.

use anyhow::{Context, Result};
use e2e::{ControlPlane, Definitions, Namespace, until};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, ListParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::json;

use crate::wait::LIMIT;

/// What the tests rely on, with the version that they use.
const KINDS: [(&str, &str); 9] = [
    ("gateways.gateway.networking.k8s.io", "v1"),
    ("httproutes.gateway.networking.k8s.io", "v1"),
    ("referencegrants.gateway.networking.k8s.io", "v1"),
    ("certificates.cert-manager.io", "v1"),
    ("httpproxies.projectcontour.io", "v1"),
    ("tlscertificatedelegations.projectcontour.io", "v1"),
    ("ingressroutes.traefik.io", "v1alpha1"),
    ("middlewares.traefik.io", "v1alpha1"),
    ("tlsoptions.traefik.io", "v1alpha1"),
];

/// The versions of a kind that the API server serves, if its definition is Established.
async fn served(client: &Client, name: &str) -> Result<Vec<String>> {
    let definition = Api::<CustomResourceDefinition>::all(client.clone()).get(name).await?;
    let conditions = definition.status.and_then(|status| status.conditions).unwrap_or_default();
    let established = conditions.iter().find(|condition| condition.type_ == "Established");
    assert_eq!(established.map(|condition| condition.status.as_str()), Some("True"), "{name}");
    let versions = definition.spec.versions.into_iter().filter(|version| version.served);
    Ok(versions.map(|version| version.name).collect())
}

#[tokio::test]
async fn the_shared_control_plane_has_all_optional_apis() -> Result<()> {
    let client = ControlPlane::shared()?.admin_client().await?;
    let mut names = Vec::new();
    for definitions in Definitions::ALL {
        names.extend(definitions.names()?);
    }
    for name in &names {
        assert!(!served(&client, name).await?.is_empty(), "{name} is served in no version");
    }
    for (name, version) in KINDS {
        assert!(names.iter().any(|known| known == name), "{name} is in none of {names:?}");
        assert!(served(&client, name).await?.iter().any(|served| served == version), "{name} lacks {version}");
    }
    Ok(())
}

#[tokio::test]
async fn an_api_vanishes_with_its_objects_and_comes_back() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    let client = control_plane.admin_client().await?;
    let namespace = Namespace::create(&client, "definitions").await?;
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("projectcontour.io", "v1", "HTTPProxy"));
    let proxies: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace.name(), &kind);
    let code = async || match proxies.list(&ListParams::default()).await {
        Err(kube::Error::Api(status)) => Ok(status.code),
        answer => answer.map(|_| 200).context("no answer of the API server"),
    };
    assert_eq!(code().await?, 404, "a new control plane has none of them");

    Definitions::Contour.install(&client).await?;
    let proxy = DynamicObject::new("shop", &kind).data(json!({ "spec": {} }));
    proxies.create(&PostParams::default(), &proxy).await?;
    Definitions::Contour.remove(&client).await?;
    // Its definition is gone a moment before what serves it.
    until("the API is gone", LIMIT, async || Ok((code().await? == 404).then_some(()))).await?;

    Definitions::Contour.install(&client).await?;
    assert!(proxies.list(&ListParams::default()).await?.items.is_empty());
    Ok(())
}
