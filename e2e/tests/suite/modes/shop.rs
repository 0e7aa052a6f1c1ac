//! An app under its own policy, edits of its children, and waits for its status.

use anyhow::Result;
use hardened_app::api::{DriftItem, POLICY_LABEL};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::policies::policy;
use crate::scene::{Scene, WEB};
use crate::tamper::{IMAGE, edit, push, set};

pub(super) const REPLICAS: &str = "spec.replicas";
pub(super) const NOT_GRANTED: &str = "drift-not-granted";

/// A namespace with a policy of this name and a ready app.
pub(super) async fn shop(name: &str, spec: Value) -> Result<Scene> {
    let scene = Scene::labelled(name, &[(POLICY_LABEL, name)]).await?;
    policy(&scene, name, spec).await?;
    scene.ready("shop", WEB).await?;
    Ok(scene)
}

pub(super) async fn merge(scene: &Scene, patch: Value) -> Result<()> {
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

/// Waits until the status lists a deviation as open.
pub(super) async fn open(scene: &Scene, what: &str, is_it: impl Fn(&DriftItem) -> bool) -> Result<DriftItem> {
    scene
        .reported("shop", &format!("{what} is open"), |status| {
            status.drift.open.iter().find(|item| is_it(item)).cloned()
        })
        .await
}

pub(super) async fn set_image(scene: &Scene, image: &str) -> Result<Value> {
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, IMAGE, image.into())).await
}

pub(super) async fn open_ingress(scene: &Scene) -> Result<Value> {
    edit(&scene.objects("NetworkPolicy")?, "shop-web", |object| set(object, "/spec/ingress", json!([{}]))).await
}

pub(super) async fn image(scene: &Scene) -> Result<Value> {
    Ok(scene.live("Deployment", "shop-web").await?.pointer(IMAGE).cloned().unwrap_or_default())
}

pub(super) async fn add_miner(scene: &Scene) -> Result<Value> {
    let miner = json!({ "name": "miner", "image": "evil:1" });
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        push(object, "/spec/template/spec/containers", miner.clone());
    })
    .await
}

pub(super) fn is_miner(item: &DriftItem) -> bool {
    item.path.ends_with("containers[name=miner]")
}

/// Makes more harmless edits than the status can list.
pub(super) async fn make_noise(scene: &Scene, kind: &str) -> Result<Value> {
    edit(&scene.objects(kind)?, "shop-web", |object| {
        for number in 0..25 {
            set(object, &format!("/metadata/labels/noise-{number}"), "x".into());
        }
    })
    .await
}

/// Waits for a finding of this check whose message contains this text.
pub(super) async fn finding(scene: &Scene, check: &str, words: &str) -> Result<()> {
    scene
        .reported("shop", &format!("{check}: {words}"), |status| {
            status.findings.iter().any(|it| it.check == check && it.message.contains(words)).then_some(())
        })
        .await
}
