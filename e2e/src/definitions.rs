//! The CustomResourceDefinitions of APIs that a cluster may have or not, as their projects publish them.
//!
//! `control-plane exec` installs all of them before it starts the operator, so every test on the shared control plane may rely
//! on them. None may remove them there: with a definition the API server deletes the objects of all tests. A test in which an
//! API is missing, or disappears and comes back, starts a control plane of its own, which has none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, ResourceExt};
use serde_json::Value;

use crate::programs;
use crate::wait::until;

/// Names the folder of the files that `make definitions` writes.
const FOLDER_ENV: &str = "DEFINITIONS";

const LIMIT: Duration = Duration::from_mins(1);

/// All definitions of one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definitions {
    /// `gateway.networking.k8s.io`, the standard channel.
    GatewayApi,
    /// `cert-manager.io` and `acme.cert-manager.io`.
    CertManager,
    /// `projectcontour.io`.
    Contour,
    /// `traefik.io`.
    Traefik,
}

impl Definitions {
    /// The definitions of all projects.
    pub const ALL: [Self; 4] = [Self::GatewayApi, Self::CertManager, Self::Contour, Self::Traefik];

    /// Installs the definitions and returns when the API server serves the kinds. To install them again changes nothing.
    ///
    /// # Errors
    /// When the API server rejects a definition.
    pub async fn install(self, client: &Client) -> Result<()> {
        let api: Api<CustomResourceDefinition> = Api::all(client.clone());
        let manifests = self.manifests()?;
        let parameters = PatchParams::apply("install").force();
        for (name, manifest) in &manifests {
            let applied = api.patch(name, &parameters, &Patch::Apply(manifest)).await;
            applied.with_context(|| format!("cannot apply {name}"))?;
        }
        served(client, |definition| manifests.contains_key(&definition.name_any())).await
    }

    /// Removes the definitions, and with them all their objects. Returns when the API server no longer has them.
    ///
    /// # Errors
    /// When a definition isn't there, or doesn't disappear because an object has a finalizer.
    pub async fn remove(self, client: &Client) -> Result<()> {
        let api: Api<CustomResourceDefinition> = Api::all(client.clone());
        let names = self.names()?;
        for name in &names {
            api.delete(name, &DeleteParams::default()).await?;
        }
        until("the definitions are gone", LIMIT, async || {
            let left = api.list_metadata(&ListParams::default()).await?;
            Ok((!left.iter().any(|definition| names.contains(&definition.name_any()))).then_some(()))
        })
        .await
    }

    /// The names of the definitions, for example `httproutes.gateway.networking.k8s.io`.
    ///
    /// # Errors
    /// When the file of the definitions is missing.
    pub fn names(self) -> Result<BTreeSet<String>> {
        Ok(self.manifests()?.into_keys().collect())
    }

    /// The definitions by their names.
    fn manifests(self) -> Result<BTreeMap<String, Value>> {
        let file = self.file()?;
        let text = std::fs::read_to_string(&file)?;
        let read = || -> Result<_> {
            let manifests = serde_saphyr::from_multiple::<Value>(&text)?.into_iter();
            let named = manifests.map(|manifest| Ok((name(&manifest)?.to_owned(), manifest)));
            named.collect::<Result<BTreeMap<_, _>>>()
        };
        let manifests = read().with_context(|| format!("cannot read {}", file.display()))?;
        ensure!(!manifests.is_empty(), "{} has no definition", file.display());
        Ok(manifests)
    }

    fn file(self) -> Result<PathBuf> {
        let name = match self {
            Self::GatewayApi => "gateway-api.yaml",
            Self::CertManager => "cert-manager.yaml",
            Self::Contour => "contour.yaml",
            Self::Traefik => "traefik.yaml",
        };
        programs::find_in(FOLDER_ENV, "definitions", name)
    }
}

fn name(manifest: &Value) -> Result<&str> {
    manifest.pointer("/metadata/name").and_then(Value::as_str).context("a definition without a name")
}

/// Waits until the API server serves the custom resources whose definitions are `chosen`.
pub(crate) async fn served(client: &Client, chosen: impl Fn(&CustomResourceDefinition) -> bool) -> Result<()> {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    until("the API server serves the custom resources", LIMIT, async || {
        let stored = definitions.list(&ListParams::default()).await?;
        for definition in stored.items.iter().filter(|definition| chosen(definition)) {
            if !is_established(definition) || !is_served(client, definition).await {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    let conditions = definition.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True")
}

/// A definition can be Established shortly before the API server routes requests to it.
async fn is_served(client: &Client, definition: &CustomResourceDefinition) -> bool {
    let Some(version) = definition.spec.versions.iter().find(|version| version.storage) else { return false };
    let kind = GroupVersionKind::gvk(&definition.spec.group, &version.name, &definition.spec.names.kind);
    let resource = ApiResource::from_gvk_with_plural(&kind, &definition.spec.names.plural);
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    api.list(&ListParams::default().limit(1)).await.is_ok()
}
