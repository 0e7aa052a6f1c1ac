//! What someone with the role `edit` in one namespace can write.

use std::time::Duration;

use anyhow::Result;
use e2e::until;
use futures::{StreamExt, TryStreamExt, stream};
use hardened_app::api::HardenedApp;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Map, Value, json};

use crate::cluster::Cluster;
use crate::elsewhere::Elsewhere;

/// The attacker's namespace.
const NAMESPACE: &str = "tenant";

/// Another one, which has large objects before it has an app.
const CROWD: &str = "crowd";

/// Peers of a rule: 3 MB of JSON, as much as the API server reads.
const PEERS: usize = 160_000;

/// Peers of a rule in an object that is just small enough to be compared.
const COMPARED: usize = 13_000;

const LIMIT: Duration = Duration::from_mins(2);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Attack {
    Policy,
    Compared,
    ForeignPolicies,
    Foreigners,
    Apps,
    Pods,
    Crowd,
}

/// In this order: the first makes the namespace and its app.
pub(crate) const ALL: [Attack; 7] = [
    Attack::Policy,
    Attack::Compared,
    Attack::ForeignPolicies,
    Attack::Foreigners,
    Attack::Apps,
    Attack::Pods,
    Attack::Crowd,
];

impl Attack {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Policy => "3 MB of rules in the app's own NetworkPolicy",
            Self::Compared => "rules in it, as many as are compared",
            Self::Foreigners => "10,000 ServiceAccounts with our label and no app",
            Self::ForeignPolicies => "two NetworkPolicies of 3 MB with our label and no app",
            Self::Apps => "60 HardenedApps of 1.4 MB",
            Self::Pods => "40 pods of 1 MB with an app's label",
            Self::Crowd => {
                "the first app beside 100 NetworkPolicies of 250 KB and 40 database pods with 0.6 MB of labels"
            }
        }
    }

    /// Ends when the operator has coped with it.
    pub(crate) async fn play(self, cluster: &Cluster, elsewhere: &Elsewhere) -> Result<()> {
        match self {
            Self::Policy => {
                victim(cluster).await?;
                oversized_policy(cluster).await?;
                policy_is_healed(cluster).await
            }
            Self::Compared => {
                policy_of(cluster, COMPARED).await?;
                policy_is_healed(cluster).await
            }
            Self::Foreigners => {
                foreigners(cluster).await?;
                elsewhere.rest().await
            }
            Self::ForeignPolicies => {
                foreign_policies(cluster).await?;
                elsewhere.rest().await
            }
            Self::Apps => {
                apps(cluster).await?;
                apps_are_rejected(cluster).await
            }
            Self::Pods => {
                pods(cluster).await?;
                elsewhere.rest().await
            }
            Self::Crowd => {
                crowd(cluster).await?;
                first_app(cluster).await
            }
        }
    }
}

/// An app of the attacker's own.
async fn victim(cluster: &Cluster) -> Result<()> {
    cluster.namespace(NAMESPACE).await?;
    let component = json!({ "name": "web", "image": "registry.example.com/web:1.0.0" });
    let spec = json!({ "components": [component] });
    let app = HardenedApp::new("shop", serde_json::from_value(spec)?);
    apps_of(cluster).create(&PostParams::default(), &app).await?;
    until("the victim's policy exists", LIMIT, async || Ok(policies(cluster).get_opt("shop-web").await?)).await?;
    Ok(())
}

fn apps_of(cluster: &Cluster) -> Api<HardenedApp> {
    apps_in(cluster, NAMESPACE)
}

fn apps_in(cluster: &Cluster, namespace: &str) -> Api<HardenedApp> {
    Api::namespaced(cluster.client.clone(), namespace)
}

fn policies(cluster: &Cluster) -> Api<NetworkPolicy> {
    Api::namespaced(cluster.client.clone(), NAMESPACE)
}

fn everyone(peers: usize) -> Value {
    json!([{ "from": vec![json!({ "podSelector": {} }); peers] }])
}

pub(crate) async fn oversized_policy(cluster: &Cluster) -> Result<()> {
    policy_of(cluster, PEERS).await
}

async fn policy_of(cluster: &Cluster, peers: usize) -> Result<()> {
    let patch = Patch::Merge(json!({ "spec": { "ingress": everyone(peers) } }));
    policies(cluster).patch("shop-web", &PatchParams::default(), &patch).await?;
    Ok(())
}

pub(crate) async fn policy_is_healed(cluster: &Cluster) -> Result<()> {
    until("the oversized policy is healed", LIMIT, async || {
        let policy = policies(cluster).get("shop-web").await?;
        Ok(policy.spec.is_some_and(|spec| spec.ingress.is_none_or(|rules| rules.is_empty())).then_some(()))
    })
    .await
}

async fn foreign_policies(cluster: &Cluster) -> Result<()> {
    for name in ["one", "two"] {
        let metadata = json!({ "name": name, "labels": { "app.kubernetes.io/managed-by": "hardened-app" } });
        let policy = json!({ "metadata": metadata, "spec": { "podSelector": {}, "ingress": everyone(PEERS) } });
        policies(cluster).create(&PostParams::default(), &serde_json::from_value(policy)?).await?;
    }
    Ok(())
}

/// Each as long as it may be, and each of another app.
async fn foreigners(cluster: &Cluster) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    let create = |number: usize| {
        let accounts = accounts.clone();
        async move {
            let labels = json!({
                "app.kubernetes.io/managed-by": "hardened-app",
                "app.kubernetes.io/part-of": format!("{number:063}"),
            });
            let owner = json!({
                "apiVersion": "example.com/v1", "kind": "K".repeat(1000), "name": "n".repeat(1000), "uid": "1", "controller": true,
            });
            let metadata = json!({ "name": format!("{number:0250}"), "labels": labels, "ownerReferences": [owner] });
            let account = serde_json::from_value(json!({ "metadata": metadata }))?;
            accounts.create(&PostParams::default(), &account).await?;
            anyhow::Ok(())
        }
    };
    stream::iter(0..10_000).map(create).buffer_unordered(16).try_collect::<Vec<()>>().await?;
    Ok(())
}

/// Variables of 4 KB each.
fn variables(count: usize) -> Value {
    (0..count).map(|number| json!({ "name": format!("V{number}"), "value": "x".repeat(4096) })).collect()
}

async fn apps(cluster: &Cluster) -> Result<()> {
    for number in 0..60 {
        let component =
            |name: &str| json!({ "name": name, "image": "registry.example.com/web:1.0.0", "env": variables(112) });
        let components: Vec<Value> = ["a", "b", "c"].map(component).into();
        let spec = serde_json::from_value(json!({ "components": components }))?;
        apps_of(cluster).create(&PostParams::default(), &HardenedApp::new(&format!("large-{number}"), spec)).await?;
    }
    Ok(())
}

async fn apps_are_rejected(cluster: &Cluster) -> Result<()> {
    until("the large apps are rejected", LIMIT, async || {
        let listed = apps_of(cluster).list(&ListParams::default()).await?;
        let is_rejected = |app: &&HardenedApp| {
            let conditions = app.status.iter().flat_map(|status| &status.conditions);
            conditions.into_iter().any(|condition| condition.type_ == "Accepted" && condition.reason == "Rejected")
        };
        Ok((listed.items.iter().filter(is_rejected).count() == 60).then_some(()))
    })
    .await
}

async fn pods(cluster: &Cluster) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), NAMESPACE);
    for number in 0..40 {
        let metadata = json!({ "name": format!("large-{number}"), "labels": { "hardened.dev/workload": "shop.web" } });
        let container = json!({ "name": "web", "image": "registry.example.com/web:1.0.0", "env": variables(250) });
        let spec = json!({ "containers": [container], "serviceAccountName": "shop-web", "automountServiceAccountToken": false });
        let pod = serde_json::from_value(json!({ "metadata": metadata, "spec": spec }))?;
        pods.create(&PostParams::default(), &pod).await?;
    }
    Ok(())
}

async fn crowd(cluster: &Cluster) -> Result<()> {
    cluster.namespace(CROWD).await?;
    let policies: Api<NetworkPolicy> = Api::namespaced(cluster.client.clone(), CROWD);
    let spec = json!({ "podSelector": {}, "ingress": everyone(COMPARED) });
    for number in 0..100 {
        let policy = json!({ "metadata": { "name": format!("large-{number}") }, "spec": spec });
        policies.create(&PostParams::default(), &serde_json::from_value(policy)?).await?;
    }
    let prefix = ["a"; 3].map(|text| text.repeat(63)).join(".");
    let mut labels: Map<String, Value> =
        (0..1500).map(|number| (format!("{prefix}/{number:063}"), json!("x".repeat(63)))).collect();
    labels.insert("cluster".to_owned(), json!("crowd"));
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), CROWD);
    let account = serde_json::from_value(json!({ "metadata": { "name": "crowd" } }))?;
    accounts.create(&PostParams::default(), &account).await?;
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), CROWD);
    for number in 0..40 {
        let metadata = json!({ "name": format!("large-{number}"), "labels": labels });
        let container = json!({ "name": "pg", "image": "registry.example.com/pg:1.0.0" });
        let spec =
            json!({ "containers": [container], "serviceAccountName": "crowd", "automountServiceAccountToken": false });
        let pod = json!({ "metadata": metadata, "spec": spec });
        pods.create(&PostParams::default(), &serde_json::from_value(pod)?).await?;
    }
    Ok(())
}

/// In the namespace, once the operator knows the pods of databases: then it lists those of a further namespace.
async fn first_app(cluster: &Cluster) -> Result<()> {
    database_is(cluster, NAMESPACE, |condition, _| condition == "NoPods").await?;
    database_is(cluster, CROWD, |_, findings| findings.contains(&"bypass")).await
}

/// Creates an app with a database of pods, and waits until its status says this, from the reason and the findings.
async fn database_is(cluster: &Cluster, namespace: &str, holds: impl Fn(&str, &[&str]) -> bool) -> Result<()> {
    let component = json!({ "name": "web", "image": "registry.example.com/web:1.0.0", "connectsTo": ["db"] });
    let database = json!({ "name": "db", "engine": "postgres", "pods": { "matchLabels": { "cluster": "crowd" } } });
    let spec = serde_json::from_value(json!({ "components": [component], "databases": [database] }))?;
    apps_in(cluster, namespace).create(&PostParams::default(), &HardenedApp::new("first", spec)).await?;
    until("the database is judged", LIMIT, async || {
        let status = apps_in(cluster, namespace).get("first").await?.status.unwrap_or_default();
        let condition = status.conditions.iter().find(|condition| condition.type_ == "DatabasesIsolated");
        let findings: Vec<&str> = status.findings.iter().map(|finding| finding.check.as_str()).collect();
        Ok(condition.filter(|condition| holds(&condition.reason, &findings)).map(|_| ()))
    })
    .await
}
