//! Deviations that are only reported, and apps that are paused: only where the policy says so, and for as long.

use anyhow::Result;
use hardened_app::api::{DriftChange, DriftItem, PAUSED, POLICY_LABEL};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::policies::policy;
use crate::scene::{Scene, WEB, web_kinds};
use crate::sees::sees;
use crate::tamper::{IMAGE, IMAGE_PATH, edit, push, set};

const REPLICAS: &str = "spec.replicas";

/// A namespace of the policy of this name, with a serving app in it.
async fn shop(name: &str, spec: Value) -> Result<Scene> {
    let scene = Scene::labelled(name, &[(POLICY_LABEL, name)]).await?;
    policy(&scene, name, spec).await?;
    scene.ready("shop", WEB).await?;
    Ok(scene)
}

async fn merge(scene: &Scene, patch: Value) -> Result<()> {
    scene.apps().patch("shop", &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

async fn observe(scene: &Scene) -> Result<()> {
    merge(scene, json!({ "spec": { "drift": { "mode": "Observe" } } })).await
}

async fn pause(scene: &Scene, paused: Value) -> Result<()> {
    merge(scene, json!({ "metadata": { "annotations": { PAUSED: paused } } })).await
}

/// Waits until a deviation is listed as there.
async fn open(scene: &Scene, what: &str, is_it: impl Fn(&DriftItem) -> bool) -> Result<DriftItem> {
    scene
        .reported("shop", &format!("{what} is open"), |status| {
            status.drift.open.iter().find(|item| is_it(item)).cloned()
        })
        .await
}

async fn set_image(scene: &Scene, image: &str) -> Result<Value> {
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, IMAGE, image.into())).await
}

async fn open_ingress(scene: &Scene) -> Result<Value> {
    edit(&scene.objects("NetworkPolicy")?, "shop-web", |object| set(object, "/spec/ingress", json!([{}]))).await
}

async fn image(scene: &Scene) -> Result<Value> {
    Ok(scene.live("Deployment", "shop-web").await?.pointer(IMAGE).cloned().unwrap_or_default())
}

#[tokio::test]
async fn what_is_observed_is_reported_and_left() -> Result<()> {
    let scene = shop("observed", json!({ "drift": { "allowObserve": true } })).await?;
    observe(&scene).await?;
    scene
        .reported("shop", "who reads the findings is told", |status| {
            status.findings.iter().any(|finding| finding.check == "drift-not-undone").then_some(())
        })
        .await?;
    scene.quiet().await?;

    let before = scene.requests()?.len();
    set_image(&scene, "debug:1").await?;
    let item = open(&scene, "the image", |item| item.path == IMAGE_PATH).await?;
    assert_eq!((item.live.as_str(), item.manager.as_str()), ("debug:1", "kubectl-edit"));
    scene.condition("shop", "InSync", "False", "Observed").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let requests = scene.quiet().await?.split_off(before);
    assert!(requests.iter().all(|request| request.resource == "hardenedapps"), "{requests:#?}");
    assert_eq!(image(&scene).await?, "debug:1");

    // Open doors are closed in any mode.
    open_ingress(&scene).await?;
    scene.reverted("shop", "the ingress", |item| item.path == "spec.ingress").await?;
    assert_eq!(scene.live("NetworkPolicy", "shop-web").await?.pointer("/spec/ingress"), None);
    Ok(())
}

#[tokio::test]
async fn a_change_of_the_spec_is_carried_out_and_leaves_what_was_added() -> Result<()> {
    let scene = shop("observed-news", json!({ "drift": { "mode": "Observe" } })).await?;
    let probe = json!({ "name": "probe", "image": "debug:1" });
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        push(object, "/spec/template/spec/containers", probe.clone());
        set(object, "/spec/replicas", 1.into());
    })
    .await?;
    let is_probe = |item: &DriftItem| item.path.ends_with("containers[name=probe]");
    open(&scene, "the container", is_probe).await?;
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    // The declared fields of what is applied are as declared then, whoever had changed them.
    scene.reverted("shop", "the number of pods", |item| item.path == REPLICAS).await?;
    open(&scene, "the container, still,", is_probe).await?;
    scene.quiet().await?;
    let live = scene.live("Deployment", "shop-web").await?;
    let containers = live.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    assert_eq!(containers.map(Vec::len), Some(2));
    assert_eq!(image(&scene).await?, "registry.example.com/hello:2.0.0");
    Ok(())
}

#[tokio::test]
async fn a_deletion_is_observed_until_the_spec_changes_or_the_policy_ends_it() -> Result<()> {
    let scene = shop("observed-gone", json!({ "drift": { "mode": "Observe" } })).await?;
    scene.delete("Service", "shop-web").await?;
    open(&scene, "the deletion", |item| item.change == DriftChange::Deleted).await?;
    let words = scene.condition("shop", "Ready", "False", "Observed").await?;
    assert!(words.contains("Service shop-web was deleted"), "{words}");
    scene.condition("shop", "Stalled", "True", "Observed").await?;
    scene.quiet().await?;
    assert_eq!(scene.live("Service", "shop-web").await?, Value::Null);

    policy(&scene, "observed-gone", json!({})).await?;
    scene.reverted("shop", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn a_policy_that_ends_the_permission_ends_what_was_left() -> Result<()> {
    let scene = shop("observed-ends", json!({ "drift": { "allowObserve": true } })).await?;
    observe(&scene).await?;
    set_image(&scene, "debug:1").await?;
    open(&scene, "the image", |item| item.path == IMAGE_PATH).await?;
    policy(&scene, "observed-ends", json!({})).await?;
    let words = scene.condition("shop", "Accepted", "False", "Rejected").await?;
    assert!(words.contains("spec.drift.mode") && words.contains("drift.allowObserve"), "{words}");
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    assert_eq!(image(&scene).await?, "registry.example.com/hello:1.0.0");
    Ok(())
}

#[tokio::test]
async fn nothing_is_observed_without_permission() -> Result<()> {
    let scene = Scene::open("not-observed").await?;
    scene.ready("shop", WEB).await?;
    observe(&scene).await?;
    scene.condition("shop", "Accepted", "False", "Rejected").await?;
    set_image(&scene, "evil:1").await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_written_to_the_objects_of_a_paused_app() -> Result<()> {
    let scene = shop("paused", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    scene.condition("shop", "Stalled", "True", "Paused").await?;
    scene.quiet().await?;

    let before = scene.requests()?.len();
    set_image(&scene, "debug:1").await?;
    open_ingress(&scene).await?;
    scene.delete("PodDisruptionBudget", "shop-web").await?;
    for what in [IMAGE_PATH, "spec.ingress", ""] {
        open(&scene, what, |item| item.path == what).await?;
    }
    // A component that isn't there yet, and none of the one that was.
    scene.change("shop", &WEB.replace("name: web", "name: api")).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    let requests = scene.quiet().await?.split_off(before);
    assert!(requests.iter().all(|request| request.resource == "hardenedapps"), "{requests:#?}");

    pause(&scene, Value::Null).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    for kind in web_kinds() {
        scene.gone(kind.kind, "shop-web").await?;
        assert_ne!(scene.live(kind.kind, "shop-api").await?, Value::Null, "{}", kind.kind);
    }
    Ok(())
}

#[tokio::test]
async fn the_end_of_a_pause_undoes_what_was_done_in_it() -> Result<()> {
    let scene = shop("paused-ends", json!({ "drift": { "allowPause": true } })).await?;
    pause(&scene, "true".into()).await?;
    scene.condition("shop", "Ready", "False", "Paused").await?;
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, "/spec/replicas", 1.into())).await?;
    open(&scene, "the number of pods", |item| item.path == REPLICAS).await?;
    scene.condition("shop", "InSync", "False", "Observed").await?;
    pause(&scene, "false".into()).await?;
    scene.reverted("shop", "the number of pods", |item| item.path == REPLICAS).await?;
    scene.condition("shop", "InSync", "True", "Reverted").await?;
    Ok(())
}

#[tokio::test]
async fn nobody_pauses_an_app_without_permission() -> Result<()> {
    let scene = Scene::open("not-paused").await?;
    scene.ready("shop", WEB).await?;
    pause(&scene, "true".into()).await?;
    // The annotation is no change of the spec: it is told from the conditions alone.
    sees(&scene.apps(), "shop", "the pause is refused", |app| {
        let conditions = &app?.status.as_ref()?.conditions;
        let accepted = conditions.iter().find(|condition| condition.type_ == "Accepted")?;
        (accepted.reason == "Rejected" && accepted.message.contains(PAUSED)).then_some(())
    })
    .await?;
    set_image(&scene, "evil:1").await?;
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    Ok(())
}
