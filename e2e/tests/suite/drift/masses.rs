//! Very large edits: the operator must revert them, and its status must stay small.

use anyhow::Result;
use hardened_app::desired::KINDS;
use kube::api::{Patch, PatchParams};
use serde_json::{Map, Value, json};

use crate::declared::declared;
use crate::scene::{AUTOSCALER, Scene, WEB, autoscaled, web_kinds};
use crate::tamper::{HUMAN, IMAGE, IMAGE_PATH, edit, remove, set};

const ENV: &str = "/spec/template/spec/containers/0/env";

/// Well below what the API server accepts, which is about 1.5 MB for the whole object, and still readable.
const LARGEST_STATUS: usize = 64 * 1024;

/// A component with a variable, so that added variables are in the same list as a declared one.
fn with_env() -> String {
    format!("{WEB}  env: [{{name: LOG, value: info}}]\n")
}

/// A component with as many variables and words as may be. The second release differs from the first in more than is compared one by
/// one.
pub(crate) fn large(release: usize) -> String {
    let variable = |number: usize| match release {
        1 => json!({ "name": format!("V{number}"), "value": "x" }),
        _ => json!({ "name": format!("V{number}"), "secretKey": { "secret": "shop-env", "key": "k" } }),
    };
    let words: Vec<String> = (0..64).map(|number| format!("{release}-{number}")).collect();
    let env: Vec<Value> = (0..128).map(variable).collect();
    format!("{WEB}  command: {}\n  args: {}\n  env: {}\n", json!(words), json!(words), json!(env))
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
    // It is too large to be compared: reported is where most of it was.
    let item = scene.reverted("shop", "the additions", |item| item.path == "spec").await?;
    assert!(item.dangerous && item.live.ends_with("KiB, not compared field by field"), "{item:?}");
    status_is_small(&scene).await
}

#[tokio::test]
async fn hundreds_of_changes_are_reverted_and_a_later_spec_is_no_drift() -> Result<()> {
    let scene = Scene::open("hundreds").await?;
    scene.ready("shop", &large(1)).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    edit(&scene.objects("Deployment")?, "shop-web", |object| {
        let secret = json!({ "secretKeyRef": { "name": "shop-env", "key": "z" } });
        for variable in object.pointer_mut(ENV).and_then(Value::as_array_mut).into_iter().flatten() {
            *variable = json!({ "name": variable["name"], "valueFrom": secret });
        }
        for words in ["command", "args"] {
            let words = object.pointer_mut(&format!("/spec/template/spec/containers/0/{words}"));
            words.and_then(Value::as_array_mut).into_iter().flatten().for_each(|word| *word = "z".into());
        }
    })
    .await?;
    let item = scene.reverted("shop", "the changes", |item| item.path == "spec").await?;
    assert_eq!((item.kind.as_str(), item.manager.as_str()), ("Deployment", HUMAN));
    let after = scene.live("Deployment", "shop-web").await?;
    assert_eq!(declared(&after), declared(&before));

    let fewer = WEB.replace("  ports: [{name: http, port: 8080}]\n", "").replace("1.0.0", "2.0.0");
    scene.change("shop", &fewer).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let reverted = scene.reported("shop", "the drift", |status| Some(status.drift.reverted.clone())).await?;
    assert_eq!(reverted, [item], "what the spec doesn't declare any more is no drift");
    let container = scene.live("Deployment", "shop-web").await?["spec"]["template"]["spec"]["containers"][0].clone();
    let kept = ["command", "args", "env", "ports", "livenessProbe"].map(|field| container.get(field).is_some());
    assert_eq!(kept, [false; 5], "{container}");
    Ok(())
}

#[tokio::test]
async fn additions_with_very_long_names_dont_fill_the_status() -> Result<()> {
    let scene = Scene::open("endless").await?;
    scene.ready("shop", &with_env()).await?;
    let before = scene.live("Deployment", "shop-web").await?;
    for (round, letter) in ["A", "B", "C", "D"].into_iter().enumerate() {
        let variable = json!({ "name": letter.repeat(60_000 + 5_000 * round), "value": "x" });
        let addition = json!([{ "op": "add", "path": format!("{ENV}/-"), "value": variable }]);
        let addition = Patch::<Value>::Json(serde_json::from_value(addition)?);
        // Without a field manager: a client needn't name one.
        scene.objects("Deployment")?.patch("shop-web", &PatchParams::default(), &addition).await?;
        // One at a time: together they would be too large to be compared.
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

/// The API server writes some characters as six bytes each.
#[tokio::test]
async fn a_spec_that_is_six_times_as_long_in_the_api_server_is_applied_and_compared() -> Result<()> {
    let scene = Scene::open("escaped").await?;
    let words = json!(vec!["<".repeat(4096); 24]);
    scene.ready("shop", &format!("{WEB}  args: {words}\n")).await?;
    edit(&scene.objects("Deployment")?, "shop-web", |object| set(object, IMAGE, "evil:1".into())).await?;
    let item = scene.reverted("shop", "the image", |item| item.kind == "Deployment").await?;
    assert_eq!((item.path.as_str(), item.live.as_str()), (IMAGE_PATH, "evil:1"));
    Ok(())
}

/// What someone with the role `edit` can add to each kind, beyond what is compared. The API server has its own rules for a replaced
/// spec: allocated addresses of a Service stay, a selector must not change.
#[tokio::test]
async fn an_object_too_large_to_be_compared_is_corrected_whatever_its_kind() -> Result<()> {
    let scene = Scene::open("oversized").await?;
    scene.create("shop", &autoscaled()).await?;
    scene.in_place("shop").await?;
    for kind in web_kinds().chain(KINDS.iter().filter(|kind| kind.name == AUTOSCALER)) {
        let before = scene.live(kind.name, "shop-web").await?;
        for manager in ["a", "b"] {
            let labels: Map<String, Value> =
                (0..4000).map(|label| (format!("{manager}-{label}"), format!("{label:060}").into())).collect();
            let patch = json!({ "metadata": { "labels": labels, "finalizers": ["example.com/keep"] } });
            let parameters = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
            scene.objects(kind.name)?.patch("shop-web", &parameters, &Patch::Merge(patch)).await?;
            scene
                .object(kind.name, "shop-web", "the labels are removed", |live| {
                    let (mut live, finalizers) = (declared(live), json!(["example.com/keep"]));
                    let kept = live["metadata"]["finalizers"] == finalizers;
                    remove(&mut live, "/metadata/finalizers");
                    (kept && live == declared(&before)).then_some(())
                })
                .await?;
            let item =
                scene.reverted("shop", "the labels", |item| item.kind == kind.name && item.manager == manager).await?;
            assert_eq!(item.path, "metadata.labels");
        }
        let patch = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
        scene.objects(kind.name)?.patch("shop-web", &PatchParams::default(), &patch).await?;
    }
    Ok(())
}
