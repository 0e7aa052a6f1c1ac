//! A namespace that is being deleted and can't go yet: nothing new gets in, the operator leaves it alone, and the apps next door
//! go on.

use anyhow::Result;
use e2e::until;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::row::{good, is_said};
use crate::scene::{Scene, web_kinds};
use crate::sees::LIMIT;

/// Waits until no child is left.
async fn has_no_children(scene: &Scene) -> Result<()> {
    until("the children are gone", LIMIT, async || {
        let mut left = 0;
        for kind in web_kinds() {
            let objects = scene.objects(kind.name)?.list_metadata(&ListParams::default()).await?;
            // Kubernetes gives every namespace an account of its own.
            left += objects.iter().filter(|object| object.metadata.name.as_deref() != Some("default")).count();
        }
        Ok((left == 0).then_some(()))
    })
    .await
}

/// Lets go of the app, or holds on to it, so that it and its namespace stay.
async fn hold(scene: &Scene, finalizers: Value) -> Result<()> {
    let patch = Patch::Merge(json!({ "metadata": { "finalizers": finalizers } }));
    scene.apps().patch("shop", &PatchParams::default(), &patch).await?;
    Ok(())
}

pub(super) async fn a_namespace_being_deleted_is_left_alone() -> Result<()> {
    let (scene, next_door) = (Scene::open("going").await?, Scene::open("staying").await?);
    scene.create_from(good()).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    next_door.create_from(good()).await?;
    next_door.condition("shop", "Ready", "True", "Available").await?;
    hold(&scene, json!(["example.com/x"])).await?;
    let before = scene.quiet().await?.len();

    let namespaces = Api::<Namespace>::all(scene.client.clone());
    namespaces.delete(scene.name(), &DeleteParams::default()).await?;
    has_no_children(&scene).await?;
    let mut another = good();
    crate::tamper::set(&mut another, "/metadata/name", "another".into());
    let refused = scene.create_from(another).await.map(drop).map_err(|error| error.to_string());
    is_said(&refused.err().unwrap_or_default(), "forbidden … because it is being terminated")?;
    // The app is still there, and none of its children is made anew: no write at all, refused or not.
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before).collect();
    assert!(after.is_empty(), "{after:#?}");

    next_door.delete("Service", "shop-web").await?;
    next_door.reverted("shop", "the deletion", |item| item.kind == "Service").await?;
    hold(&scene, Value::Null).await?;
    until("the namespace is gone", LIMIT, async || Ok(namespaces.get_opt(scene.name()).await?.is_none().then_some(())))
        .await
}
