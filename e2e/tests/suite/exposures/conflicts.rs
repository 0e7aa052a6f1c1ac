//! An object of another owner has the name of one that a host should have.

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use hardened_app::api::{HardenedApp, HardeningPolicy, MANAGED_BY, MANAGER};
use hardened_app::app::{App, Policy};
use hardened_app::desired::{self, Child, Stage};
use hardened_app::release::Target;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use super::stage::{contour, gateway, host_with_secret, manifest, plain, stage, traefik};
use crate::scene::Scene;
use crate::tamper::set;

/// The objects that the hosts of an app should have under the policy of the namespace.
async fn declared(scene: &Scene, app: &Value) -> Result<Vec<Child>> {
    let policy: HardeningPolicy = Api::all(scene.client.clone()).get(scene.name()).await?;
    let policy = Policy::accept(&policy).map_err(|rejections| anyhow::anyhow!("{rejections:?}"))?;
    let mut app: HardenedApp = serde_json::from_value(app.clone())?;
    app.metadata.namespace = Some(scene.name().to_owned());
    let app = App::accept(&app, &policy).map_err(|rejections| anyhow::anyhow!("{rejections:?}"))?;
    let children = desired::children(&Target::of(app)).into_iter();
    Ok(children.filter(|child| child.kind.stage == Stage::Entry).collect())
}

/// One namespace for each object: the app of each finds one of its objects taken.
async fn is_left_alone(prefix: &str, policy: Value, kind: usize, labelled: bool) -> Result<Option<String>> {
    let scene = stage(Scene::open(prefix).await?, policy).await?;
    let host = format!("{}.example.com", scene.name());
    let mut exposure = host_with_secret(&host, "shop");
    if prefix == "taken-gateway" {
        set(&mut exposure, "/tls", Value::Null);
        set(&mut exposure, "/backendTLS", json!({ "hostname": "web.internal", "caConfigMap": "ca" }));
    } else if prefix == "taken-issued" {
        set(&mut exposure, "/tls", Value::Null);
    }
    let app = manifest("shop", &json!([exposure]))?;
    let Some(child) = declared(&scene, &app).await?.into_iter().nth(kind) else { return Ok(None) };
    let (kind, name) = (child.kind.name, child.name.clone());
    // Of another host, which the app doesn't claim.
    let body = child.body.to_string().replace(&host, &format!("{}.example.org", scene.name()));
    let mut foreign: Value = serde_json::from_str(&body)?;
    set(&mut foreign, "/metadata", json!({ "name": name }));
    if labelled {
        set(&mut foreign, "/metadata/labels", json!({ MANAGED_BY: MANAGER }));
    }
    scene.objects(kind)?.create(&PostParams::default(), &serde_json::from_value(foreign)?).await?;
    let before = scene.version(kind, &name).await?;
    scene.create_from(app).await?;
    let says = format!("{kind} {name} isn't controlled by this app");
    scene.condition_saying("shop", "Ready", "False", "Conflict", &says).await?;
    scene
        .condition_saying("shop", "Exposed", "False", "RoutePending", &format!("{kind} {name} isn't in place"))
        .await?;
    scene.condition("shop", "Available", "True", "Available").await?;
    scene.quiet().await?;
    ensure!(scene.version(kind, &name).await? == before, "{kind} {name} was changed");
    Ok(Some(format!("{kind} {name}")))
}

#[tokio::test]
async fn a_foreign_object_of_any_kind_of_a_host_is_not_changed() -> Result<()> {
    let mut of_app = gateway();
    set(&mut of_app, "/gateway/listeners", json!("App"));
    let sets = [
        ("taken-gateway", gateway(), 3),
        ("taken-listener", of_app, 3),
        ("taken-ingress", plain(), 1),
        ("taken-issued", contour(), 2),
        ("taken-traefik", traefik(), 5),
    ];
    let cases = sets.into_iter().flat_map(|(prefix, policy, count)| {
        let policy = std::iter::repeat(policy);
        (0..count).zip(policy).map(move |(kind, policy)| (prefix, policy, kind))
    });
    let cases =
        cases.flat_map(|(prefix, policy, kind)| [false, true].map(|labelled| (prefix, policy.clone(), kind, labelled)));
    let found = cases.map(async |(prefix, policy, kind, labelled)| {
        is_left_alone(prefix, policy, kind, labelled)
            .await
            .with_context(|| format!("{prefix} {kind}, labelled: {labelled}"))
    });
    let found: Vec<_> = try_join_all(found).await?.into_iter().flatten().collect();
    ensure!(found.len() == 28, "{} objects: {found:?}", found.len());
    Ok(())
}
