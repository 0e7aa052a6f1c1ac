//! The apps of a lap and their namespaces.

use std::sync::Arc;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::api::HardenedApp;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Children of each app: five kinds for each of two components.
pub(crate) const CHILDREN: usize = 10;

/// Apps that share a namespace.
const PER_NAMESPACE: usize = 20;

/// Apps with the same spec.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    apps: Vec<HardenedApp>,
}

impl Fleet {
    /// This number of apps, spread over as many namespaces as they need.
    pub(crate) fn of(apps: usize) -> Result<Self> {
        Self::named(apps, |index| format!("bench-{}", index / PER_NAMESPACE))
    }

    /// This number of apps in one namespace.
    pub(crate) fn within(namespace: &str, apps: usize) -> Result<Self> {
        Self::named(apps, |_| namespace.to_owned())
    }

    fn named(apps: usize, namespace: impl Fn(usize) -> String) -> Result<Self> {
        let apps = (0..apps).map(|index| app(&namespace(index), &format!("app-{index:04}")));
        Ok(Self { apps: apps.collect::<Result<_>>()? })
    }

    /// The same apps, each with this number of hosts.
    pub(crate) fn exposed(mut self, hosts: usize) -> Result<Self> {
        for app in &mut self.apps {
            let name = app.metadata.name.clone().unwrap_or_default();
            let exposure = |host: usize| {
                serde_json::from_value(json!({
                    "host": format!("{name}-{host}.example.com"),
                    "routes": [{ "path": "/", "component": "web" }],
                    "tls": { "secretName": format!("{name}-tls") },
                }))
            };
            app.spec.exposures = (0..hosts).map(exposure).collect::<Result<_, _>>()?;
        }
        Ok(self)
    }

    pub(crate) fn apps(&self) -> &[HardenedApp] {
        &self.apps
    }

    /// Creates the namespaces.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<()> {
        let mut names: Vec<&str> = self.apps.iter().filter_map(|app| app.metadata.namespace.as_deref()).collect();
        names.dedup();
        for name in names {
            namespace(client, name).await?;
        }
        Ok(())
    }

    /// Creates all apps.
    pub(crate) async fn create(&self, client: &Client, in_flight: usize) -> Result<()> {
        let client = client.clone();
        each(self.apps.clone(), in_flight, move |app| {
            let client = client.clone();
            async move { create(&client, &app).await.map(drop) }
        })
        .await
    }
}

/// Creates one app.
pub(crate) async fn create(client: &Client, app: &HardenedApp) -> Result<HardenedApp> {
    let namespace = app.metadata.namespace.as_deref().context("an app without a namespace")?;
    let api = Api::<HardenedApp>::namespaced(client.clone(), namespace);
    Ok(api.create(&PostParams::default(), app).await?)
}

pub(crate) async fn namespace(client: &Client, name: &str) -> Result<()> {
    let namespace: Namespace = serde_json::from_value(json!({ "metadata": { "name": name } }))?;
    Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await?;
    Ok(())
}

/// Runs `act` for each item, `in_flight` at a time, on separate tasks so that all cores are used.
pub(crate) async fn each<T, F>(
    items: Vec<T>,
    in_flight: usize,
    act: impl Fn(T) -> F + Clone + Send + 'static,
) -> Result<()>
where
    T: Send + 'static,
    F: Future<Output = Result<()>> + Send,
{
    let items = Arc::new(Mutex::new(items.into_iter()));
    let workers = (0..in_flight).map(|_| {
        let (items, act) = (items.clone(), act.clone());
        tokio::spawn(async move {
            loop {
                // A separate statement, so that the lock is released at its end.
                let item = items.lock().await.next();
                match item {
                    Some(item) => act(item).await?,
                    None => return anyhow::Ok(()),
                }
            }
        })
    });
    for outcome in try_join_all(workers).await? {
        outcome?;
    }
    Ok(())
}

/// An app of two components, of which `web` may connect to `api`.
fn app(namespace: &str, name: &str) -> Result<HardenedApp> {
    let component = |name: &str, port: u16, connects_to: &[&str]| {
        json!({
            "name": name,
            "image": format!("registry.example.com/{name}:1.0.0"),
            "ports": [{ "name": "http", "port": port }],
            "connectsTo": connects_to,
            "env": [{ "name": "LOG_LEVEL", "value": "info" }],
        })
    };
    let components: [Value; 2] = [component("web", 8080, &["api"]), component("api", 9090, &[])];
    let app = json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "namespace": namespace, "name": name },
        "spec": { "components": components },
    });
    Ok(serde_json::from_value(app)?)
}
