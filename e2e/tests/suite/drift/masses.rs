//! Very large edits: the operator must revert them, and its status must stay small.

use anyhow::Result;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::{IMAGE, IMAGE_PATH, edit, set};

const ENV: &str = "/spec/template/spec/containers/0/env";

/// Well below what the API server accepts, which is about 1.5 MB for the whole object, and still readable.
const LARGEST_STATUS: usize = 64 * 1024;

/// A component with a variable, so that added variables are in the same list as a declared one.
fn with_env() -> String {
    format!("{WEB}  env: [{{name: LOG, value: info}}]\n")
}

async fn status_is_small(scene: &Scene) -> Result<()> {
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    assert_eq!(status.drift.open, []);
    let size = serde_json::to_string(&status)?.len();
    assert!(size < LARGEST_STATUS, "the status has {size} bytes");
    Ok(())
}

#[tokio::test]
async fn a_change_among_thousands_of_additions_is_reverted() -> Result<()> {
    let scene = Scene::open("thousands").await?;
    scene.ready("shop", &with_env()).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        let variables = (0..6000).map(|index| json!({ "name": format!("A{index}"), "value": "x" }));
        if let Some(Value::Array(env)) = object.pointer_mut(ENV) {
            env.extend(variables);
        }
        set(object, IMAGE, "evil:1".into());
    })
    .await?;
    scene
        .object("Deployment", "shop-web", "all is as before", |live| {
            (declared(live) == declared(&before)).then_some(())
        })
        .await?;
    scene.condition("shop", "InSync", "True", "Reverted").await?;
    // The status must report it despite the number of additions.
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    status_is_small(&scene).await
}

#[tokio::test]
async fn additions_with_very_long_names_dont_fill_the_status() -> Result<()> {
    let scene = Scene::open("endless").await?;
    scene.ready("shop", &with_env()).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    for (round, letter) in ["A", "B", "C", "D"].into_iter().enumerate() {
        let variable = json!({ "name": letter.repeat(300_000 + 30_000 * round), "value": "x" });
        let addition = json!([{ "op": "add", "path": format!("{ENV}/-"), "value": variable }]);
        let addition = Patch::<Value>::Json(serde_json::from_value(addition)?);
        // Without a field manager: a client needn't name one.
        scene.objects("Deployment")?.patch("shop-web", &PatchParams::default(), &addition).await?;
        // One at a time: together they would exceed the request limit of the API server.
        scene
            .object("Deployment", "shop-web", "the addition is reverted", |live| {
                (declared(live) == declared(&before)).then_some(())
            })
            .await?;
        scene
            .reverted("shop", "the addition", |item| item.path.contains(&format!("env[name={letter}{letter}")))
            .await?;
    }
    // The status must still have room to report an attack.
    edit(&scene.objects("Service")?, "shop-web", |object| set(object, "/spec/type", "NodePort".into())).await?;
    scene.reverted("shop", "the node port", |item| item.path == "spec.type").await?;
    status_is_small(&scene).await
}
