//! While a guard (ServiceAccount or NetworkPolicy) isn't in place, the operator creates and updates no workload behind it,
//! but still reverts drift of the existing one.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::desired::{Care, KINDS, Stage};
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::{IMAGE, IMAGE_PATH, edit, push, remove, set};
use crate::wait::wait_until;

const OWNERS: &str = "/metadata/ownerReferences";
const HOST_PID: &str = "spec.template.spec.hostPID";

/// Why a guard isn't in place.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// A user removed its owner reference.
    Conflict,
    /// A user deleted it, and a finalizer keeps it.
    Leaving,
    /// A user deleted it, and a quota prevents that it is recreated.
    Failing,
}

impl Trouble {
    const ALL: [Self; 3] = [Self::Conflict, Self::Leaving, Self::Failing];

    const fn reason(self) -> &'static str {
        match self {
            Self::Conflict => "Conflict",
            Self::Leaving => "WaitingForDeletion",
            Self::Failing => "ApplyFailed",
        }
    }

    async fn begins(self, scene: &Scene, kind: &str) -> Result<()> {
        let objects = scene.objects(kind)?;
        match self {
            Self::Conflict => edit(&objects, "shop-web", |object| remove(object, OWNERS)).await.map(drop),
            Self::Leaving => {
                edit(&objects, "shop-web", |object| push(object, "/metadata/finalizers", "example.com/x".into()))
                    .await?;
                scene.delete(kind, "shop-web").await
            }
            Self::Failing => {
                no_more(scene, kind).await?;
                scene.delete(kind, "shop-web").await
            }
        }
    }

    /// Removes the cause. False if the test can't wait for the recovery: the operator may retry a rejected write minutes later.
    async fn ends(self, scene: &Scene, kind: &str, owners: &Value) -> Result<bool> {
        let objects = scene.objects(kind)?;
        match self {
            Self::Conflict => edit(&objects, "shop-web", |object| set(object, OWNERS, owners.clone())).await?,
            Self::Leaving => edit(&objects, "shop-web", |object| remove(object, "/metadata/finalizers")).await?,
            Self::Failing => return Ok(false),
        };
        Ok(true)
    }
}

/// Forbids further objects of a kind in the namespace by a quota; returns when the quota is in force.
async fn no_more(scene: &Scene, kind: &str) -> Result<()> {
    let row = KINDS.iter().find(|row| row.name == kind).context("a child kind")?;
    let resource = format!("count/{}{}{}", row.plural, if row.group.is_empty() { "" } else { "." }, row.group);
    let quota = json!({ "metadata": { "name": "none" }, "spec": { "hard": { resource: "0" } } });
    let quotas = Api::<ResourceQuota>::namespaced(scene.client.clone(), scene.name());
    quotas.create(&PostParams::default(), &serde_json::from_value(quota)?).await?;
    wait_until(&quotas, "none", "the quota is in force", |quota| quota?.status.as_ref()?.used.as_ref().map(drop)).await
}

fn image(live: &Value) -> Option<&str> {
    live.pointer(IMAGE)?.as_str()
}

/// Edits the workload of a component whose guard isn't in place, and checks that the edits are reverted.
async fn drift_of_the_workload_is_reverted(scene: &Scene) -> Result<()> {
    let (deployments, services) = (scene.objects("Deployment")?, scene.objects("Service")?);
    let before = [scene.live("Deployment", "shop-web").await?, scene.live("Service", "shop-web").await?];
    edit(&deployments, "shop-web", |object| {
        set(object, IMAGE, "evil:1".into());
        set(object, "/spec/template/spec/hostPID", true.into());
    })
    .await?;
    edit(&services, "shop-web", |object| set(object, "/spec/type", "NodePort".into())).await?;
    for path in [IMAGE_PATH, HOST_PID, "spec.type"] {
        scene.reverted("shop", path, |item| item.path == path).await?;
    }
    let after = [scene.live("Deployment", "shop-web").await?, scene.live("Service", "shop-web").await?];
    assert_eq!(after.each_ref().map(declared), before.each_ref().map(declared));
    Ok(())
}

/// Without its guard, the operator neither updates nor recreates the Deployment.
async fn updates_and_creations_wait(scene: &Scene, reason: &str) -> Result<()> {
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    scene.condition("shop", "Ready", "False", reason).await?;
    scene.quiet().await?;
    let live = scene.live("Deployment", "shop-web").await?;
    assert_eq!(image(&live), Some("registry.example.com/hello:1.0.0"), "the new version isn't rolled out");
    scene.delete("Deployment", "shop-web").await?;
    scene.gone("Deployment", "shop-web").await?;
    // The operator has reconciled the deletion once it sends no more requests.
    scene.quiet().await?;
    assert_eq!(scene.live("Deployment", "shop-web").await?, Value::Null, "the Deployment isn't recreated");
    Ok(())
}

async fn only_updates_and_creations_wait(kind: &str, trouble: Trouble) -> Result<()> {
    let scene = Scene::open("guard").await?;
    scene.ready("shop", WEB).await?;
    let owners = scene.live(kind, "shop-web").await?.pointer(OWNERS).cloned().unwrap_or_default();
    trouble.begins(&scene, kind).await?;
    scene.condition("shop", "Ready", "False", trouble.reason()).await?;
    drift_of_the_workload_is_reverted(&scene).await?;
    scene.condition("shop", "Ready", "False", trouble.reason()).await?;
    updates_and_creations_wait(&scene, trouble.reason()).await?;
    if trouble.ends(&scene, kind, &owners).await? {
        scene.condition("shop", "Ready", "True", "Available").await?;
        let live = scene.live("Deployment", "shop-web").await?;
        assert_eq!(image(&live), Some("registry.example.com/hello:2.0.0"), "the new version is rolled out");
    }
    Ok(())
}

#[tokio::test]
async fn without_its_guard_only_updates_and_creations_of_a_workload_wait() -> Result<()> {
    let guards = KINDS.iter().filter(|kind| kind.stage == Stage::Guard && kind.care == Care::Apply);
    let cases = guards.flat_map(|guard| Trouble::ALL.map(|trouble| (guard.name, trouble)));
    try_join_all(cases.map(async |(kind, trouble)| {
        only_updates_and_creations_wait(kind, trouble).await.with_context(|| format!("{kind}: {trouble:?}"))
    }))
    .await?;
    Ok(())
}

/// Without its labels no watch delivers the NetworkPolicy or its deletion, so the operator notices only at its next attempt. For
/// guards that is after half a minute, within the limit of the waits here.
#[tokio::test]
async fn a_network_policy_without_owner_and_labels_is_recreated_after_its_deletion() -> Result<()> {
    let scene = Scene::open("disowned").await?;
    scene.ready("shop", WEB).await?;
    let before = scene.live("NetworkPolicy", "shop-web").await?;
    edit(&scene.objects("NetworkPolicy")?, "shop-web", |object| {
        remove(object, OWNERS);
        remove(object, "/metadata/labels");
    })
    .await?;
    scene.condition("shop", "Ready", "False", "Conflict").await?;
    scene.delete("NetworkPolicy", "shop-web").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let after = scene.live("NetworkPolicy", "shop-web").await?;
    assert_eq!(after.pointer("/spec"), before.pointer("/spec"));
    assert_eq!(after.pointer(OWNERS), before.pointer(OWNERS));
    Ok(())
}
