//! A namespace for one experiment, and functions to apply and inspect objects in it.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{ControlPlane, Namespace};
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::tamper::set;

/// The operator's field manager.
pub(super) const OPERATOR: &str = "hardened-app";

pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// The shared control plane and a namespace for one test.
pub(super) struct Playground {
    pub(super) client: Client,
    namespace: Namespace,
}

impl Playground {
    pub(super) async fn open(prefix: &str) -> Result<Self> {
        let client = ControlPlane::shared()?.admin_client().await?;
        let namespace = Namespace::create(&client, prefix).await?;
        Ok(Self { client, namespace })
    }

    /// The API of the kind of `manifest`.
    pub(super) fn api(&self, manifest: &Value) -> Result<Api<DynamicObject>> {
        let types: TypeMeta = serde_json::from_value(manifest.clone())?;
        let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
        Ok(Api::namespaced_with(self.client.clone(), self.namespace.name(), &resource))
    }
}

/// Applies `manifest` as the operator does.
pub(super) async fn apply(api: &Api<DynamicObject>, manifest: &Value, force: bool) -> kube::Result<Value> {
    let parameters = PatchParams { force, ..PatchParams::apply(OPERATOR) };
    let name = manifest.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    api.patch(name, &parameters, &Patch::Apply(manifest)).await.map(value)
}

pub(super) fn with(object: &Value, pointer: &str, to: impl Into<Value>) -> Value {
    let mut object = object.clone();
    set(&mut object, pointer, to.into());
    object
}

pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> Result<&'a str> {
    object.pointer(pointer).and_then(Value::as_str).with_context(|| format!("{pointer} is no text"))
}

/// The HTTP status of a rejection; None if the API server accepted the request.
pub(super) fn refusal<T>(answer: kube::Result<T>) -> Result<Option<u16>> {
    match answer {
        Ok(_) => Ok(None),
        Err(kube::Error::Api(status)) => Ok(Some(status.code)),
        Err(error) => Err(error.into()),
    }
}

/// The fields of an object that a field manager owns, without its status and the times.
pub(super) fn owned_by(object: &Value, manager: &str) -> Vec<Value> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mine = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("manager") == Some(&manager.into()) && entry.get("subresource").is_none());
    mine.map(|entry| json!([entry.get("operation"), entry.get("fieldsV1")])).collect()
}

/// The field managers of an object, without those of its status.
pub(super) fn managers(object: &Value) -> Vec<&str> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().filter(|entry| entry.get("subresource").is_none());
    entries.filter_map(|entry| entry.get("manager")?.as_str()).collect()
}

pub(super) fn value(object: DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// A Deployment with one container and one port.
pub(super) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": name },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": {
                    "containers": [{
                        "name": "app",
                        "image": "registry.example.test/app:1",
                        "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }],
                    }],
                },
            },
        },
    })
}
