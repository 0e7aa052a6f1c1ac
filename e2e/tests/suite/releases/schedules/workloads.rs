//! What happens to an app, step by step; each of them continues where the one before has ended.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::super::{Kubelet, PodOutcome};
use crate::policies::policy;
use crate::scene::{Scene, WEB};
use e2e::kubelet::part;

const APP: &str = "shop";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Workload {
    Install,
    Upgrade,
    FailedThenFixed,
    SecretMissing,
    PolicyChanged,
}

impl Workload {
    pub(crate) const ALL: [Self; 5] =
        [Self::Install, Self::Upgrade, Self::FailedThenFixed, Self::SecretMissing, Self::PolicyChanged];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade with migration",
            Self::FailedThenFixed => "failed migration then fixed spec",
            Self::SecretMissing => "secret missing then added",
            Self::PolicyChanged => "policy changed meanwhile",
        }
    }

    /// How many migrations have run at its end, the failed one included.
    pub(crate) const fn migrations(self) -> usize {
        match self {
            Self::Install => 1,
            Self::Upgrade => 2,
            Self::FailedThenFixed => 4,
            Self::SecretMissing => 5,
            Self::PolicyChanged => 6,
        }
    }

    /// Lets it happen; returns when the app is ready.
    pub(crate) async fn run(self, scene: &Scene, world: &World) -> Result<()> {
        match self {
            Self::Install => {
                secret(scene, "shop-env", "DATABASE_URL").await?;
                policy(scene, scene.name(), defaults("100m")).await?;
                scene.create_from(app("1.0.0", "up", &["shop-env"])?).await?;
            }
            Self::Upgrade => set(scene, app("2.0.0", "up", &["shop-env"])?).await?,
            Self::FailedThenFixed => {
                set(scene, app("3.0.0", BROKEN, &["shop-env"])?).await?;
                scene.condition(APP, "Migrated", "False", "Failed").await?;
                set(scene, app("3.0.0", "up", &["shop-env"])?).await?;
            }
            Self::SecretMissing => {
                set(scene, app("4.0.0", "up", &["shop-env", LATER])?).await?;
                let says = scene.condition(APP, "SecretsValid", "False", "SecretMissing").await?;
                anyhow::ensure!(says.contains(LATER), "{says}");
                secret(scene, LATER, "API_KEY").await?;
                world.set(scene.name(), Flag::SecretAdded);
            }
            Self::PolicyChanged => {
                set(scene, app(SLOW, "up", &["shop-env", LATER])?).await?;
                scene.condition(APP, "Migrated", "False", "Running").await?;
                policy(scene, scene.name(), defaults("150m")).await?;
                world.set(scene.name(), Flag::PolicyChanged);
            }
        }
        scene.condition(APP, "Ready", "True", "Available").await?;
        Ok(())
    }
}

/// The argument of a migration that fails.
const BROKEN: &str = "broken";

/// The version whose migration runs until the policy has changed.
const SLOW: &str = "5.0.0";

/// The Secret that is missing at first.
const LATER: &str = "shop-payment";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Flag {
    SecretAdded,
    PolicyChanged,
}

/// What the test has done in each namespace.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<BTreeSet<(String, Flag)>>>);

impl World {
    fn set(&self, namespace: &str, flag: Flag) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((namespace.to_owned(), flag));
    }

    fn has(&self, pod: &Pod, flag: Flag) -> bool {
        let namespace = pod.namespace().unwrap_or_default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&(namespace, flag))
    }

    /// Stands in for the kubelet in all namespaces.
    pub(crate) fn kubelet(&self, client: &Client) -> Kubelet {
        let world = self.clone();
        Kubelet::start_everywhere(client, move |pod| world.outcome(pod))
    }

    fn outcome(&self, pod: &Pod) -> PodOutcome {
        let spec = serde_json::to_string(&pod.spec).unwrap_or_default();
        if part(pod) == "preflight" {
            if spec.contains(LATER) && !self.has(pod, Flag::SecretAdded) {
                return PodOutcome::Waits("CreateContainerConfigError", format!("secret \"{LATER}\" not found"));
            }
        } else if spec.contains(BROKEN) {
            return PodOutcome::Ends(1, "column exists".to_owned());
        } else if spec.contains(SLOW) && !self.has(pod, Flag::PolicyChanged) {
            return PodOutcome::Runs;
        }
        PodOutcome::succeeds()
    }
}

fn app(version: &str, argument: &str, secrets: &[&str]) -> Result<Value> {
    let components: Value = serde_saphyr::from_str(&WEB.replace("1.0.0", version))?;
    let key = |secret: &&str| json!({ "name": secret, "keys": [{ "name": key_of(secret) }] });
    let secrets: Vec<Value> = secrets.iter().map(key).collect();
    let migration = json!({ "command": ["/app/migrate", argument], "secrets": ["shop-env"], "retries": 0 });
    Ok(json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": APP },
        "spec": { "components": components, "secrets": secrets, "migration": migration },
    }))
}

fn key_of(secret: &str) -> &'static str {
    if secret == LATER { "API_KEY" } else { "DATABASE_URL" }
}

async fn set(scene: &Scene, mut app: Value) -> Result<()> {
    let spec = app.get_mut("spec").context("an app without a spec")?.take();
    scene.apps().patch(APP, &PatchParams::default(), &Patch::Merge(json!({ "spec": spec }))).await?;
    Ok(())
}

async fn secret(scene: &Scene, name: &str, key: &str) -> Result<()> {
    let secrets: Api<Secret> = Api::namespaced(scene.client.clone(), scene.name());
    let secret = serde_json::from_value(json!({ "metadata": { "name": name }, "stringData": { key: "planted" } }))?;
    secrets.create(&PostParams::default(), &secret).await?;
    Ok(())
}

/// A policy whose only setting is what a component gets that asks for nothing.
fn defaults(cpu: &str) -> Value {
    json!({ "resources": { "defaults": { "cpu": cpu } } })
}
