//! Conflicts: an object of another owner has the name of a child. The operator reports it and doesn't write to it.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::future::try_join_all;
use hardened_app::api::{MANAGED_BY, MANAGER};
use hardened_app::desired::{Care, KINDS, Kind, Stage};
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::releases::{Kubelet, PodOutcome};
use crate::scene::{AUTOSCALER, STATEFUL_SET, Scene, WEB, autoscaled, database_kinds, web_kinds};
use crate::tamper::set;

const FOREIGN: &str = include_str!("conflicts.yaml");

/// A foreign object with the name of a child of component `web`, in an app of two components.
struct Case {
    manifest: Value,
    /// Whether it has the label by which the operator's watches select.
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

        scene.create_from(json!({ "metadata": { "name": app }, "spec": spec(&kind)? })).await?;
        let message = scene.condition(app, "Ready", "False", "Conflict").await?;
        assert!(message.contains(&format!("{kind} {foreign}")), "{message}");
        scene.condition(app, "Stalled", "True", "Conflict").await?;

        let guard = KINDS.iter().any(|row| row.name == kind && row.stage == Stage::Guard);
        let held = |row: &&Kind| guard && row.stage == Stage::Workload;
        let mut expected: BTreeSet<(String, String)> =
            web_kinds().map(|row| (row.name.to_owned(), format!("{app}-api"))).collect();
        let web_kinds: Vec<&Kind> =
            if kind == STATEFUL_SET { database_kinds().collect() } else { web_kinds().collect() };
        let mine = web_kinds.iter().copied().filter(|row| row.name != kind && !held(row));
        expected.extend(mine.map(|row| (row.name.to_owned(), foreign.clone())));
        scene
            .reported(app, &format!("the other children are created despite the {kind}"), |status| {
                let children = status.children.iter().map(|child| (child.kind.clone(), child.name.clone()));
                (children.collect::<BTreeSet<_>>() == expected).then_some(())
            })
            .await?;
        for row in web_kinds.iter().copied().filter(held) {
            assert_eq!(
                scene.live(row.name, &foreign).await?,
                Value::Null,
                "{} is not created because of the {kind}",
                row.name
            );
        }

        let requests = scene.quiet().await?;
        let about = requests.iter().filter(|request| request.name.as_deref() == Some(foreign.as_str()));
        let plural = KINDS.iter().find(|row| row.name == kind).map(|row| row.plural).unwrap_or_default();
        let about: Vec<_> = about.filter(|request| request.resource == plural).collect();
        // If the watch has the object, the operator sends no request; else it tries to create it and reads it once.
        let asked: Vec<_> = about.iter().map(|request| (request.verb.as_str(), request.code)).collect();
        let expected: &[_] = if self.labelled { &[] } else { &[("patch", 409), ("get", 200)] };
        assert!(asked.starts_with(expected), "{kind}, labelled: {}: {asked:?}", self.labelled);
        // Guards (ServiceAccount, NetworkPolicy) are retried soon, on a slow machine within this test; other kinds are not.
        assert!(asked.chunks(2).all(|attempt| attempt == expected), "{kind}: {asked:?}");
        assert!(guard || asked.len() == expected.len(), "{kind}: {asked:?}");
        assert_eq!(declared(scene, &kind, &foreign).await?, before, "{kind} is untouched");
        Ok(())
    }
}

/// The spec of an app with a part `web` that has an object of this kind, and a component `api`.
fn spec(kind: &str) -> Result<Value> {
    let api = WEB.replace("web", "api");
    if kind != STATEFUL_SET {
        let web = if kind == AUTOSCALER { autoscaled() } else { WEB.to_owned() };
        let components: Value = serde_saphyr::from_str(&format!("{web}{api}"))?;
        return Ok(json!({ "components": components }));
    }
    let components: Value = serde_saphyr::from_str(&format!("{api}  connectsTo: [web]\n"))?;
    let managed = json!({ "image": "registry.example.com/redis:7", "storage": "1Gi", "passwordSecret": "web" });
    Ok(json!({ "components": components, "databases": [{ "name": "web", "engine": "redis", "managed": managed }] }))
}

/// The parts of the object that a write by the operator would change, but a controller's status update wouldn't.
async fn declared(scene: &Scene, kind: &str, name: &str) -> Result<Value> {
    let live = scene.live(kind, name).await?;
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let ours = entries.into_iter().flatten().filter(|entry| entry.get("manager") == Some(&MANAGER.into()));
    assert_eq!(ours.count(), 0, "{kind} {name} was never written by the operator");
    // Controllers write annotations and status of these kinds; no controller writes to the others.
    if ["Deployment", "PodDisruptionBudget", STATEFUL_SET].contains(&kind) {
        return Ok(json!([live.pointer("/metadata/uid"), live.pointer("/metadata/labels"), live.pointer("/spec")]));
    }
    Ok(json!([live.pointer("/metadata/uid"), live.pointer("/metadata/resourceVersion")]))
}

async fn all(labelled: bool) -> Result<()> {
    let manifests: Vec<Value> = serde_saphyr::from_multiple(FOREIGN)?;
    let kinds: Vec<_> = manifests.iter().filter_map(|manifest| manifest.pointer("/kind")?.as_str()).collect();
    // Those of hosts have tests of their own.
    let of_parts = |row: &&Kind| row.care == Care::Apply && row.stage != Stage::Entry && row.name != "Job";
    let always = KINDS.iter().filter(of_parts);
    assert_eq!(kinds, always.map(|row| row.name).collect::<Vec<_>>(), "one of every kind");
    let scene = Scene::open("conflict").await?;
    let _kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    let cases = manifests.into_iter().enumerate().map(|(index, manifest)| {
        let (scene, app) = (&scene, format!("app{index}"));
        async move { Case { manifest, labelled }.run(scene, &app).await }
    });
    try_join_all(cases).await?;
    Ok(())
}

#[tokio::test]
async fn a_foreign_object_of_any_kind_is_not_changed() -> Result<()> {
    all(false).await
}

#[tokio::test]
async fn a_foreign_object_with_the_operators_label_is_not_changed() -> Result<()> {
    all(true).await
}

#[tokio::test]
async fn a_child_of_another_app_is_not_changed() -> Result<()> {
    let scene = Scene::open("neighbour").await?;
    // Both apps have children named `a-b-c`: component `c` of `a-b` and component `b-c` of `a`.
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
async fn a_conflict_ends_when_a_labelled_foreign_object_is_deleted() -> Result<()> {
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
    assert!(status.drift.is_empty(), "the deletion of a foreign object isn't drift: {:?}", status.drift);
    Ok(())
}
