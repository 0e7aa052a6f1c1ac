//! Edits that are meant to be too much: for a patch, for the status, for whoever reads it.

use anyhow::Result;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::declared::declared;
use crate::scene::{Scene, WEB};
use crate::tamper::{IMAGE, IMAGE_PATH, edit, set};

const ENV: &str = "/spec/template/spec/containers/0/env";

/// Well below what the API server takes (about 1.5 MB with everything else), and what a reader does.
const LARGEST_STATUS: usize = 64 * 1024;

/// A component with a variable, so that the list of others' is merged with ours.
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
async fn a_change_among_thousands_of_additions_is_undone() -> Result<()> {
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
    // It must not drown in the report either.
    scene.reverted("shop", "the image", |item| item.path == IMAGE_PATH).await?;
    status_is_small(&scene).await
}

#[tokio::test]
async fn additions_with_endless_names_dont_choke_the_status() -> Result<()> {
    let scene = Scene::open("endless").await?;
    scene.ready("shop", &with_env()).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    for (round, letter) in ["A", "B", "C", "D"].into_iter().enumerate() {
        let variable = json!({ "name": letter.repeat(300_000 + 30_000 * round), "value": "x" });
        let addition = json!([{ "op": "add", "path": format!("{ENV}/-"), "value": variable }]);
        let addition = Patch::<Value>::Json(serde_json::from_value(addition)?);
        // Without a name: a client needn't give one.
        scene.objects("Deployment")?.patch("shop-web", &PatchParams::default(), &addition).await?;
        // One by one: together they would be too much for the API server.
        scene
            .object("Deployment", "shop-web", "the addition is undone", |live| {
                (declared(live) == declared(&before)).then_some(())
            })
            .await?;
        scene
            .reverted("shop", "the addition", |item| item.path.contains(&format!("env[name={letter}{letter}")))
            .await?;
    }
    // The report of an attack must not depend on what the status holds by then.
    edit(&scene.objects("Service")?, "shop-web", |object| set(object, "/spec/type", "NodePort".into())).await?;
    scene.reverted("shop", "the node port", |item| item.path == "spec.type").await?;
    status_is_small(&scene).await
}
