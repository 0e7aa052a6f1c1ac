//! Databases that only their clients reach.

mod clients;
mod isolation;
mod managed;

use anyhow::Result;
use serde_json::{Value, json};

use crate::scene::{Scene, WEB};

/// An app `shop` whose component `web` has these further fields, with databases.
pub(crate) fn shop(web: &str, databases: &Value) -> Result<Value> {
    let components: Value = serde_saphyr::from_str(&format!("{WEB}{web}"))?;
    Ok(json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": "shop" },
        "spec": { "components": components, "databases": databases },
    }))
}

/// PostgreSQL pods that others run.
pub(crate) fn orders() -> Value {
    json!({ "name": "db", "engine": "postgres", "pods": { "matchLabels": { "cluster": "orders" } } })
}

/// A PostgreSQL that the operator runs.
pub(crate) fn managed() -> Value {
    let managed = json!({ "image": "registry.example.com/postgres:17", "storage": "1Gi", "passwordSecret": "shop-db" });
    json!({ "name": "db", "engine": "postgres", "managed": managed })
}

/// The workloads that a database's policy lets in on its port.
pub(crate) async fn let_in(scene: &Scene, policy: &str) -> Result<Vec<String>> {
    let live = scene.live("NetworkPolicy", policy).await?;
    Ok(workloads(&live))
}

/// The workloads that the rules of a policy with a port name.
pub(crate) fn workloads(policy: &Value) -> Vec<String> {
    let rules = policy.pointer("/spec/ingress").and_then(Value::as_array).into_iter().flatten();
    let peers = rules.filter(|rule| rule.get("ports").is_some()).filter_map(|rule| rule.get("from")?.as_array());
    let workload =
        |peer: &Value| peer.pointer("/podSelector/matchLabels/hardened.dev~1workload")?.as_str().map(str::to_owned);
    peers.flatten().filter_map(workload).collect()
}
