//! An account or a network policy that isn't in place holds back what is new, and leaves nobody a free hand with what is there.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hardened_app::desired::{KINDS, Stage};
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::sees::sees;
use crate::tamper::{IMAGE, IMAGE_PATH, edit, push, remove, set};

const OWNERS: &str = "/metadata/ownerReferences";
const HOST_PID: &str = "spec.template.spec.hostPID";

/// Why a guard isn't in place.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Somebody took our name off it.
    Conflict,
    /// Somebody deleted it, and holds on to it.
    Leaving,
    /// Somebody deleted it, and a quota keeps it from coming back.
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

    /// False where only time helps: the next attempt at a write that was refused may be minutes away.
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

/// Forbids more objects of a kind in the namespace; returns when that counts.
async fn no_more(scene: &Scene, kind: &str) -> Result<()> {
    let row = KINDS.iter().find(|row| row.name == kind).context("a child kind")?;
    let resource = format!("count/{}{}{}", row.plural, if row.group.is_empty() { "" } else { "." }, row.group);
    let quota = json!({ "metadata": { "name": "none" }, "spec": { "hard": { resource: "0" } } });
    let quotas = Api::<ResourceQuota>::namespaced(scene.client.clone(), scene.name());
    quotas.create(&PostParams::default(), &serde_json::from_value(quota)?).await?;
    sees(&quotas, "none", "the quota is counted", |quota| quota?.status.as_ref()?.used.as_ref().map(drop)).await
}

fn image(live: &Value) -> Option<&str> {
    live.pointer(IMAGE)?.as_str()
}

/// Tampers with the workload of a component whose guard is in trouble.
async fn the_workload_is_kept(scene: &Scene) -> Result<()> {
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

/// Neither a newer version nor an object made anew gets past a guard that isn't there.
async fn what_is_new_is_held_back(scene: &Scene, reason: &str) -> Result<()> {
    scene.change("shop", &WEB.replace("1.0.0", "2.0.0")).await?;
    scene.condition("shop", "Ready", "False", reason).await?;
    scene.quiet().await?;
    let live = scene.live("Deployment", "shop-web").await?;
    assert_eq!(image(&live), Some("registry.example.com/hello:1.0.0"), "the newer version waits");
    scene.delete("Deployment", "shop-web").await?;
    scene.gone("Deployment", "shop-web").await?;
    // What it costs to find out is over when nothing is asked any more.
    scene.quiet().await?;
    assert_eq!(scene.live("Deployment", "shop-web").await?, Value::Null, "a Deployment made anew waits");
    Ok(())
}

async fn holds_back_only_what_is_new(kind: &str, trouble: Trouble) -> Result<()> {
    let scene = Scene::open("guard").await?;
    scene.ready("shop", WEB).await?;
    let owners = scene.live(kind, "shop-web").await?.pointer(OWNERS).cloned().unwrap_or_default();
    trouble.begins(&scene, kind).await?;
    scene.condition("shop", "Ready", "False", trouble.reason()).await?;
    the_workload_is_kept(&scene).await?;
    scene.condition("shop", "Ready", "False", trouble.reason()).await?;
    what_is_new_is_held_back(&scene, trouble.reason()).await?;
    if trouble.ends(&scene, kind, &owners).await? {
        scene.condition("shop", "Ready", "True", "Available").await?;
        let live = scene.live("Deployment", "shop-web").await?;
        assert_eq!(image(&live), Some("registry.example.com/hello:2.0.0"), "nothing waits any more");
    }
    Ok(())
}

#[tokio::test]
async fn a_guard_in_trouble_holds_back_only_what_is_new() -> Result<()> {
    let guards = KINDS.iter().filter(|kind| kind.stage == Stage::Guard);
    let cases = guards.flat_map(|guard| Trouble::ALL.map(|trouble| (guard.name, trouble)));
    try_join_all(cases.map(async |(kind, trouble)| {
        holds_back_only_what_is_new(kind, trouble).await.with_context(|| format!("{kind}: {trouble:?}"))
    }))
    .await?;
    Ok(())
}

/// Without its labels no watch shows the policy, so none tells when it goes: only the next attempt does. For a guard that comes
/// after half a minute, which is within the limit of every wait here.
#[tokio::test]
async fn a_network_policy_that_was_disowned_and_deleted_comes_back() -> Result<()> {
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
