//! A namespace that is being deleted and kept by a finalizer: the operator sends no requests for it, and still reconciles the
//! apps of other namespaces.

use anyhow::Result;
use e2e::until;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::row::{check_message, good};
use crate::scene::{Scene, web_kinds};
use crate::wait::LIMIT;

/// Waits until all children are deleted.
async fn has_no_children(scene: &Scene) -> Result<()> {
    until("the children are gone", LIMIT, async || {
        let mut left = 0;
        for kind in web_kinds() {
            let objects = scene.objects(kind.name)?.list_metadata(&ListParams::default()).await?;
            // Kubernetes creates a ServiceAccount `default` in every namespace.
            left += objects.iter().filter(|object| object.metadata.name.as_deref() != Some("default")).count();
        }
        Ok((left == 0).then_some(()))
    })
    .await
}

/// Sets the finalizers of the app, which keep it and its namespace.
async fn set_finalizers(scene: &Scene, finalizers: Value) -> Result<()> {
    let patch = Patch::Merge(json!({ "metadata": { "finalizers": finalizers } }));
    scene.apps().patch("shop", &PatchParams::default(), &patch).await?;
    Ok(())
}

pub(super) async fn a_namespace_being_deleted_gets_no_requests() -> Result<()> {
    let (scene, other) = (Scene::open("going").await?, Scene::open("staying").await?);
    scene.create_from(good()).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    other.create_from(good()).await?;
    other.condition("shop", "Ready", "True", "Available").await?;
    set_finalizers(&scene, json!(["example.com/x"])).await?;
    let before = scene.quiet().await?.len();

    let namespaces = Api::<Namespace>::all(scene.client.clone());
    namespaces.delete(scene.name(), &DeleteParams::default()).await?;
    has_no_children(&scene).await?;
    let mut another = good();
    crate::tamper::set(&mut another, "/metadata/name", "another".into());
    let refused = scene.create_from(another).await.map(drop).map_err(|error| error.to_string());
    check_message(&refused.err().unwrap_or_default(), "forbidden … because it is being terminated")?;
    // The app still exists, but the operator doesn't try to recreate its children.
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before).collect();
    assert!(after.is_empty(), "{after:#?}");

    other.delete("Service", "shop-web").await?;
    other.reverted("shop", "the deletion", |item| item.kind == "Service").await?;
    set_finalizers(&scene, Value::Null).await?;
    until("the namespace is gone", LIMIT, async || Ok(namespaces.get_opt(scene.name()).await?.is_none().then_some(())))
        .await
}
