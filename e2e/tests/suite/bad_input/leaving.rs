//! A namespace that is being deleted and can't go yet: nothing new gets in, the operator leaves it alone, and the apps next door
//! go on.

use anyhow::Result;
use e2e::until;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::row::{good, is_said};
use crate::scene::{Scene, web_kinds};
use crate::sees::LIMIT;

/// Somebody holds on to this object, so that the namespace stays.
async fn hold(scene: &Scene) -> Result<Api<ConfigMap>> {
    let maps = Api::<ConfigMap>::namespaced(scene.client.clone(), scene.name());
    let held = json!({ "metadata": { "name": "held", "finalizers": ["example.com/x"] } });
    maps.create(&PostParams::default(), &serde_json::from_value(held)?).await?;
    Ok(maps)
}

/// Nothing of the operator's is left in the namespace.
async fn is_empty(scene: &Scene) -> Result<()> {
    until("apps and children are gone", LIMIT, async || {
        let mut left = scene.apps().list_metadata(&ListParams::default()).await?.items.len();
        for kind in web_kinds() {
            let objects = scene.objects(kind.kind)?.list_metadata(&ListParams::default()).await?;
            // Kubernetes gives every namespace an account of its own.
            left += objects.iter().filter(|object| object.metadata.name.as_deref() != Some("default")).count();
        }
        Ok((left == 0).then_some(()))
    })
    .await
}

pub(super) async fn a_namespace_being_deleted_is_left_alone() -> Result<()> {
    let (scene, next_door) = (Scene::open("going").await?, Scene::open("staying").await?);
    scene.create_from(good()).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    next_door.create_from(good()).await?;
    next_door.condition("shop", "Ready", "True", "Available").await?;
    let maps = hold(&scene).await?;
    let before = scene.quiet().await?.len();

    let namespaces = Api::<Namespace>::all(scene.client.clone());
    namespaces.delete(scene.name(), &DeleteParams::default()).await?;
    is_empty(&scene).await?;
    let mut another = good();
    crate::tamper::set(&mut another, "/metadata/name", "another".into());
    let refused = scene.create_from(another).await.map(drop).map_err(|error| error.to_string());
    is_said(&refused.err().unwrap_or_default(), "forbidden … because it is being terminated")?;
    // Children went before their app did, and none was made anew: no write at all, refused or not.
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before).collect();
    assert!(after.is_empty(), "{after:#?}");

    next_door.delete("Service", "shop-web").await?;
    next_door.reverted("shop", "the deletion", |item| item.kind == "Service").await?;
    let release = Patch::Merge(json!({ "metadata": { "finalizers": Value::Null } }));
    maps.patch("held", &PatchParams::default(), &release).await?;
    until("the namespace is gone", LIMIT, async || Ok(namespaces.get_opt(scene.name()).await?.is_none().then_some(())))
        .await
}
