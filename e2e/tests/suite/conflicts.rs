//! Names that belong to somebody else: never written to, always reported.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::future::try_join_all;
use hardened_app::api::MANAGER;
use hardened_app::desired::{KINDS, MANAGED_BY, Stage};
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::scene::{AUTOSCALER, Scene, WEB, autoscaled, web_kinds};
use crate::tamper::set;

const FOREIGN: &str = include_str!("conflicts.yaml");

/// A foreign object of one kind, in the way of component `web` of an app that has two.
struct Case {
    manifest: Value,
    /// It carries the label by which the operator watches.
    labelled: bool,
}

impl Case {
    async fn run(self, scene: &Scene, app: &str) -> Result<()> {
        let kind = self.manifest.pointer("/kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let foreign = format!("{app}-web");
        let mut manifest = self.manifest;
        set(&mut manifest, "/metadata", json!({ "name": foreign }));
        if self.labelled {
            set(&mut manifest, "/metadata/labels", json!({ MANAGED_BY: MANAGER }));
        }
        let objects = scene.objects(&kind)?;
        objects.create(&PostParams::default(), &serde_json::from_value(manifest)?).await?;
        let before = declared(scene, &kind, &foreign).await?;

        let web = if kind == AUTOSCALER { autoscaled() } else { WEB.to_owned() };
        scene.create(app, &format!("{web}{}", WEB.replace("web", "api"))).await?;
        let message = scene.condition(app, "Ready", "False", "Conflict").await?;
        assert!(message.contains(&format!("{kind} {foreign}")), "{message}");
        scene.condition(app, "Stalled", "True", "Conflict").await?;

        let guard = KINDS.iter().any(|row| row.name == kind && row.stage == Stage::Guard);
        let held = |row: &&hardened_app::desired::Kind| guard && row.stage == Stage::Workload;
        let mut expected: BTreeSet<(String, String)> =
            web_kinds().map(|row| (row.name.to_owned(), format!("{app}-api"))).collect();
        let mine = web_kinds().filter(|row| row.name != kind && !held(row));
        expected.extend(mine.map(|row| (row.name.to_owned(), foreign.clone())));
        scene
            .reported(app, &format!("what isn't in conflict goes on beside the {kind}"), |status| {
                let children = status.children.iter().map(|child| (child.kind.clone(), child.name.clone()));
                (children.collect::<BTreeSet<_>>() == expected).then_some(())
            })
            .await?;
        for row in web_kinds().filter(held) {
            assert_eq!(scene.live(row.name, &foreign).await?, Value::Null, "{} is held back by the {kind}", row.name);
        }

        let requests = scene.quiet().await?;
        let about = requests.iter().filter(|request| request.name.as_deref() == Some(foreign.as_str()));
        let plural = KINDS.iter().find(|row| row.name == kind).map(|row| row.plural).unwrap_or_default();
        let about: Vec<_> = about.filter(|request| request.resource == plural).collect();
        // Where the watch shows the object, nothing is asked at all; else one attempt and one look.
        let asked: Vec<_> = about.iter().map(|request| (request.verb.as_str(), request.code)).collect();
        let expected: &[_] = if self.labelled { &[] } else { &[("patch", 409), ("get", 200)] };
        assert!(asked.starts_with(expected), "{kind}, labelled: {}: {asked:?}", self.labelled);
        // A guard is tried again before long, and a busy machine may take until then; the rest isn't.
        assert!(asked.chunks(2).all(|look| look == expected), "{kind}: {asked:?}");
        assert!(guard || asked.len() == expected.len(), "{kind}: {asked:?}");
        assert_eq!(declared(scene, &kind, &foreign).await?, before, "{kind} is untouched");
        Ok(())
    }
}

/// The object with everything that a write would change, but a controller's report in the status wouldn't.
async fn declared(scene: &Scene, kind: &str, name: &str) -> Result<Value> {
    let live = scene.live(kind, name).await?;
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let ours = entries.into_iter().flatten().filter(|entry| entry.get("manager") == Some(&MANAGER.into()));
    assert_eq!(ours.count(), 0, "{kind} {name} was never written by the operator");
    // Controllers keep notes in these two; nobody has any reason to write to the others.
    if ["Deployment", "PodDisruptionBudget"].contains(&kind) {
        return Ok(json!([live.pointer("/metadata/uid"), live.pointer("/metadata/labels"), live.pointer("/spec")]));
    }
    Ok(json!([live.pointer("/metadata/uid"), live.pointer("/metadata/resourceVersion")]))
}

async fn all(labelled: bool) -> Result<()> {
    let manifests: Vec<Value> = serde_saphyr::from_multiple(FOREIGN)?;
    let kinds: Vec<_> = manifests.iter().filter_map(|manifest| manifest.pointer("/kind")?.as_str()).collect();
    assert_eq!(kinds, KINDS.each_ref().map(|row| row.name), "one of every kind");
    let scene = Scene::open("conflict").await?;
    let cases = manifests.into_iter().enumerate().map(|(index, manifest)| {
        let (scene, app) = (&scene, format!("app{index}"));
        async move { Case { manifest, labelled }.run(scene, &app).await }
    });
    try_join_all(cases).await?;
    Ok(())
}

#[tokio::test]
async fn a_foreign_object_of_any_kind_is_left_alone() -> Result<()> {
    all(false).await
}

#[tokio::test]
async fn a_foreign_object_with_our_label_is_left_alone() -> Result<()> {
    all(true).await
}

#[tokio::test]
async fn an_object_of_another_app_is_left_alone() -> Result<()> {
    let scene = Scene::open("neighbour").await?;
    // Their children have the same name: `a-b` and `c` is `a` and `b-c`.
    scene.ready("a-b", &WEB.replace("web", "c")).await?;
    let mut before = Vec::new();
    for kind in web_kinds() {
        before.push(scene.version(kind.name, "a-b-c").await?);
    }
    scene.create("a", &WEB.replace("web", "b-c")).await?;
    let message = scene.condition("a", "Ready", "False", "Conflict").await?;
    assert!(message.contains("HardenedApp a-b"), "{message}");
    scene.quiet().await?;
    for (kind, before) in web_kinds().zip(before) {
        assert_eq!(scene.version(kind.name, "a-b-c").await?, before, "{}", kind.name);
    }
    scene.condition("a-b", "Ready", "True", "Available").await?;
    Ok(())
}

#[tokio::test]
async fn a_conflict_ends_when_a_foreign_object_with_our_label_goes() -> Result<()> {
    let scene = Scene::open("way-free").await?;
    let account = json!({ "metadata": { "name": "shop-web", "labels": {
        MANAGED_BY: MANAGER, "app.kubernetes.io/part-of": "shop" } } });
    let accounts = scene.objects("ServiceAccount")?;
    accounts.create(&PostParams::default(), &serde_json::from_value(account)?).await?;
    scene.create("shop", WEB).await?;
    scene.condition("shop", "Ready", "False", "Conflict").await?;
    scene.delete("ServiceAccount", "shop-web").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    assert!(status.drift.is_empty(), "somebody else's object was deleted, not ours: {:?}", status.drift);
    Ok(())
}
