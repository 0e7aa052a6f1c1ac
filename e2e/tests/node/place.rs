//! A namespace with an app whose pods run.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{ControlPlane, Namespace, until};
use hardened_app::api::{HardenedApp, HardenedAppStatus};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{self, ContainerStatus, Pod, Service};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ask::ask;

/// Generous: the pods of a test stay pending until those of the previous test have ended.
pub(crate) const LIMIT: Duration = Duration::from_mins(3);

/// The label that enforces the Pod Security Standard `restricted`.
pub(crate) const RESTRICTED: (&str, &str) = ("pod-security.kubernetes.io/enforce", "restricted");

/// The label of all namespaces of these tests.
pub(crate) const MARK: (&str, &str) = ("place", "test");

pub(crate) struct Place {
    pub(crate) client: Client,
    namespace: Namespace,
}

impl Place {
    /// A namespace that enforces Pod Security, as a platform team would create it.
    pub(crate) async fn restricted(prefix: &str) -> Result<Self> {
        Self::labelled(prefix, &[RESTRICTED]).await
    }

    /// Creates a namespace with labels, and deletes those of earlier tests, because there are CPUs for the pods of one test
    /// only. The scheduler keeps the new pods pending until the CPUs are free.
    pub(crate) async fn labelled(prefix: &str, labels: &[(&str, &str)]) -> Result<Self> {
        let client = ControlPlane::shared()?.admin_client().await?;
        let namespaces: Api<v1::Namespace> = Api::all(client.clone());
        for earlier in namespaces.list_metadata(&ListParams::default().labels(MARK.0)).await? {
            namespaces.delete(&earlier.name_any(), &DeleteParams::background()).await?;
        }
        let namespace = Namespace::labelled(&client, prefix, &[&[MARK], labels].concat()).await?;
        Ok(Self { client, namespace })
    }

    pub(crate) fn name(&self) -> &str {
        self.namespace.name()
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        self.namespace.api()
    }

    /// Creates an object of this namespace from JSON.
    pub(crate) async fn create<K>(&self, object: Value) -> Result<K>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + Serialize + DeserializeOwned + std::fmt::Debug,
        K::DynamicType: Default,
    {
        Ok(self.api::<K>().create(&PostParams::default(), &serde_json::from_value(object)?).await?)
    }

    /// Creates an app from YAML, in this namespace instead of its own.
    pub(crate) async fn app(&self, yaml: &str) -> Result<String> {
        let mut app: HardenedApp = serde_saphyr::from_str(yaml)?;
        app.metadata.namespace = Some(self.name().to_owned());
        let app = self.api::<HardenedApp>().create(&PostParams::default(), &app).await?;
        app.metadata.name.context("an app without a name")
    }

    /// Waits until `check` returns a value for the status of an app.
    pub(crate) async fn reported<T>(
        &self,
        app: &str,
        what: &str,
        check: impl Fn(&HardenedAppStatus) -> Option<T>,
    ) -> Result<T> {
        let apps = self.api::<HardenedApp>();
        let outcome = until(what, LIMIT, async || Ok(apps.get(app).await?.status.as_ref().and_then(&check))).await;
        match outcome {
            Ok(answer) => Ok(answer),
            Err(error) => Err(error.context(serde_json::to_string(&apps.get(app).await?.status)?)),
        }
    }

    /// Waits until the app is Ready, as `kubectl get` shows it in column READY.
    pub(crate) async fn ready(&self, app: &str) -> Result<()> {
        self.reported(app, "READY is True", |status| {
            status.conditions.iter().any(|found| found.type_ == "Ready" && found.status == "True").then_some(())
        })
        .await
    }

    /// The pods of a component that aren't being deleted.
    pub(crate) async fn pods(&self, workload: &str) -> Result<Vec<Pod>> {
        let mut pods = self.all_pods(workload).await?;
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        Ok(pods)
    }

    /// The pods of a component, those that are being deleted included.
    pub(crate) async fn all_pods(&self, workload: &str) -> Result<Vec<Pod>> {
        let of_workload = ListParams::default().labels(&format!("hardened.dev/workload={workload}"));
        Ok(self.api::<Pod>().list(&of_workload).await?.items)
    }

    /// Waits until `check` holds for a pod; returns it.
    pub(crate) async fn pod(&self, name: &str, what: &str, check: impl Fn(&Pod) -> bool) -> Result<Pod> {
        let pods = self.api::<Pod>();
        until(what, LIMIT, async || {
            let pod = pods.get(name).await?;
            Ok(check(&pod).then_some(pod))
        })
        .await
    }

    /// Waits until `check` returns a value for a container of a component's pods.
    pub(crate) async fn container<T>(
        &self,
        workload: &str,
        what: &str,
        check: impl Fn(&ContainerStatus) -> Option<T>,
    ) -> Result<T> {
        until(what, LIMIT, async || {
            let pods = self.pods(workload).await?;
            Ok(pods.iter().flat_map(containers).find_map(&check))
        })
        .await
    }

    /// Waits until all pods of a component, including those that are being deleted, have this image.
    pub(crate) async fn replaced(&self, workload: &str, image: &str) -> Result<()> {
        until(&format!("all pods have image {image}"), LIMIT, async || {
            let pods = self.all_pods(workload).await?;
            let mut containers = pods.iter().filter_map(|pod| pod.spec.as_ref()).flat_map(|spec| &spec.containers);
            Ok(containers.all(|container| container.image.as_deref() == Some(image)).then_some(()))
        })
        .await
    }

    /// Waits until a Service responds, because kube-proxy learns of ready pods with a delay; returns its address.
    pub(crate) async fn service(&self, name: &str, port: u16) -> Result<String> {
        let service = self.api::<Service>().get(name).await?;
        let address = service.spec.and_then(|spec| spec.cluster_ip).context("the Service has no address")?;
        let address = format!("{address}:{port}");
        until("the Service responds", LIMIT, async || Ok(ask(&address, "/").await.ok())).await?;
        Ok(address)
    }
}

pub(crate) fn containers(pod: &Pod) -> &[ContainerStatus] {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_deref());
    statuses.unwrap_or_default()
}
