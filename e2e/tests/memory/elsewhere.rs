//! The healthy apps of other namespaces. While something else happens, one after the other is edited, and the time of each heal is
//! taken.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use e2e::until;
use futures::{StreamExt, TryStreamExt, stream};
use hardened_app::api::HardenedApp;
use k8s_openapi::api::core::v1::Service;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::select;

use crate::cluster::Cluster;

const PER_NAMESPACE: usize = 20;
const IN_FLIGHT: usize = 16;
const LIMIT: Duration = Duration::from_mins(10);

/// Heals that show that the operator works.
const ENOUGH: usize = 20;

pub(crate) struct Elsewhere {
    client: Client,
    apps: usize,
    /// How many apps were edited and healed.
    healed: AtomicUsize,
}

impl Elsewhere {
    /// Creates this number of apps of two components and waits until they are in place.
    pub(crate) async fn create(cluster: &Cluster, apps: usize) -> Result<Self> {
        for number in 0..apps.div_ceil(PER_NAMESPACE) {
            cluster.namespace(&format!("elsewhere-{number}")).await?;
        }
        let create = |number: usize| {
            let app = app(number);
            async move {
                let app = app?;
                Api::<HardenedApp>::namespaced(cluster.client.clone(), &namespace(number))
                    .create(&PostParams::default(), &app)
                    .await?;
                anyhow::Ok(())
            }
        };
        stream::iter(0..apps).map(create).buffer_unordered(IN_FLIGHT).try_collect::<Vec<()>>().await?;
        let all = Api::<HardenedApp>::all(cluster.client.clone());
        until("all apps are in place", LIMIT, async || {
            let listed = all.list(&ListParams::default()).await?;
            let done = |app: &HardenedApp| app.status.as_ref().is_some_and(|status| status.children.len() == 10);
            Ok((listed.items.iter().filter(|app| done(app)).count() == apps).then_some(()))
        })
        .await?;
        Ok(Self { client: cluster.client.clone(), apps, healed: AtomicUsize::new(0) })
    }

    /// Edits apps until `meanwhile` ends. Returns the longest time that a heal took.
    pub(crate) async fn probe(&self, meanwhile: impl Future<Output = Result<()>>) -> Result<Duration> {
        let mut slowest = Duration::ZERO;
        let probe = async {
            loop {
                let time = self.heal().await?;
                slowest = slowest.max(time);
            }
        };
        let outcome: Result<()> = select! {
            outcome = probe => outcome,
            outcome = meanwhile => outcome,
        };
        outcome.map(|()| slowest)
    }

    /// Waits until some more apps were healed.
    pub(crate) async fn rest(&self) -> Result<()> {
        let before = self.healed.load(Ordering::Relaxed);
        until("apps elsewhere are healed", LIMIT, async || {
            Ok((self.healed.load(Ordering::Relaxed) >= before + ENOUGH).then_some(()))
        })
        .await
    }

    /// Edits the next app, so that none is edited often enough to be contested, and waits until it is healed.
    async fn heal(&self) -> Result<Duration> {
        let number = self.healed.load(Ordering::Relaxed) % self.apps;
        let services: Api<Service> = Api::namespaced(self.client.clone(), &namespace(number));
        let (name, edit) = (format!("{}-web", name(number)), json!({ "spec": { "sessionAffinity": "ClientIP" } }));
        services.patch(&name, &PatchParams::default(), &Patch::Merge(edit)).await?;
        let began = Instant::now();
        until("an app of another namespace is healed", LIMIT, async || {
            let service = services.get(&name).await?;
            let affinity = service.spec.and_then(|spec| spec.session_affinity);
            Ok((affinity.as_deref() == Some("None")).then_some(()))
        })
        .await?;
        self.healed.fetch_add(1, Ordering::Relaxed);
        Ok(began.elapsed())
    }
}

fn namespace(number: usize) -> String {
    format!("elsewhere-{}", number / PER_NAMESPACE)
}

fn name(number: usize) -> String {
    format!("app-{number:04}")
}

fn app(number: usize) -> Result<HardenedApp> {
    let component = |name: &str| {
        let ports = json!([{ "name": "http", "port": 8080 }]);
        json!({ "name": name, "image": format!("registry.example.com/{name}:1.0.0"), "ports": ports })
    };
    let spec = json!({ "components": [component("web"), component("api")] });
    let mut app = HardenedApp::new(&name(number), serde_json::from_value(spec)?);
    app.metadata.namespace = Some(namespace(number));
    Ok(app)
}
