//! A dedicated namespace per test.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client, Resource};

/// A namespace for one test, so that tests can run concurrently. It is never deleted: it ends with the control plane.
pub struct Namespace {
    name: String,
    client: Client,
}

impl Namespace {
    /// Creates a namespace with `generateName`, so that its name is unique.
    ///
    /// # Errors
    /// When the API server rejects it.
    pub async fn create(client: &Client, prefix: &str) -> Result<Self> {
        Self::labelled(client, prefix, &[]).await
    }

    /// Like [`Self::create`], with labels.
    ///
    /// # Errors
    /// When the API server rejects it.
    pub async fn labelled(client: &Client, prefix: &str, labels: &[(&str, &str)]) -> Result<Self> {
        let labels: BTreeMap<_, _> = labels.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let namespace = v1::Namespace {
            metadata: ObjectMeta {
                generate_name: Some(format!("{prefix}-")),
                labels: Some(labels),
                ..Default::default()
            },
            ..Default::default()
        };
        let created = Api::<v1::Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await?;
        let name = created.metadata.name.context("a namespace without a name")?;
        Ok(Self { name, client: client.clone() })
    }

    /// The name of the namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A namespaced API for one kind.
    #[must_use]
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }
}
