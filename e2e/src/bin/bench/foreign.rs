//! Objects that don't belong to the operator, of the kinds that it watches, in namespaces without apps.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hardened_app::desired::{KINDS, Kind};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, PostParams};
use serde_json::{Value, json};

use crate::fleet;
use crate::quiet;
use crate::stage::Stage;
use crate::usage::{Cpu, Memory};

/// Objects of each kind in each namespace.
const EACH: usize = 200;

/// Requests in flight: enough to keep the API server busy.
const IN_FLIGHT: usize = 32;

/// What was measured while they were created.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    pub(crate) objects: usize,
    pub(crate) wall: Duration,
    /// Used while they were created.
    pub(crate) cpu: Cpu,
    pub(crate) before: Memory,
    pub(crate) after: Memory,
}

/// Creates about this number of objects without the operator's labels.
pub(crate) async fn crowd(stage: &Stage, objects: usize) -> Result<Foreign> {
    let kinds: Vec<ApiResource> = KINDS.iter().map(Kind::resource).filter(|kind| body(kind, "").is_some()).collect();
    let namespaces: Vec<String> =
        (0..objects.div_ceil(EACH * kinds.len())).map(|index| format!("foreign-{index}")).collect();
    for namespace in &namespaces {
        fleet::namespace(stage.admin(), namespace).await?;
    }
    let mut all = Vec::new();
    for namespace in &namespaces {
        let names = (0..EACH).flat_map(|index| kinds.iter().map(move |kind| (kind.clone(), format!("other-{index}"))));
        all.extend(names.map(|(kind, name)| (kind, namespace.clone(), name)));
    }
    all.truncate(objects);
    let objects = all.len();
    let before = Memory::of(stage.operator()?)?;
    let (used, began) = (Cpu::now(&stage.control_plane)?, Instant::now());
    let client = stage.admin().clone();
    fleet::each(all, IN_FLIGHT, move |(kind, namespace, name)| {
        let api = Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &kind);
        async move {
            let body = body(&kind, &name).context("a kind without a body")?;
            api.create(&PostParams::default(), &serde_json::from_value(body)?).await?;
            Ok(())
        }
    })
    .await?;
    let (wall, cpu) = (began.elapsed(), Cpu::now(&stage.control_plane)?.since(used));
    quiet::wait(stage.operator()?).await?;
    Ok(Foreign { objects, wall, cpu, before, after: Memory::of(stage.operator()?)? })
}

/// A minimal object of a kind; None for the kinds that the apps of the benchmark don't use either.
fn body(kind: &ApiResource, name: &str) -> Option<Value> {
    let labels = json!({ "app": name });
    let selector = json!({ "matchLabels": labels });
    let spec = match kind.kind.as_str() {
        "ServiceAccount" => Value::Null,
        "NetworkPolicy" => json!({ "podSelector": selector }),
        "Deployment" => json!({
            "replicas": 0,
            "selector": selector,
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "main", "image": "registry.example.com/other:1" }] },
            },
        }),
        // Headless: the range of cluster IPs is smaller than the number of objects.
        "Service" => json!({ "clusterIP": "None", "selector": labels, "ports": [{ "port": 80 }] }),
        "PodDisruptionBudget" => json!({ "selector": selector, "maxUnavailable": 1 }),
        "Ingress" => json!({ "defaultBackend": { "service": { "name": name, "port": { "number": 80 } } } }),
        _ => return None,
    };
    let mut body = json!({
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": { "name": name, "labels": labels },
    });
    if let (Some(fields), false) = (body.as_object_mut(), spec.is_null()) {
        fields.insert("spec".to_owned(), spec);
    }
    Some(body)
}
