//! Definitions that aren't there, objects that don't fit them, and definitions that go while apps run. On a control plane of its
//! own: the definitions are everybody's.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::operator::{self, Operator, page};
use e2e::{ControlPlane, until};
use hardened_app::api::{DriftChange, HardenedApp};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionSpec, JSONSchemaProps,
};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use super::row::is_said;
use crate::scene::{Scene, WEB, web_kinds};
use crate::sees::{LIMIT, sees};

const APPS: &str = "hardenedapps.hardened.dev";
const POLICIES: &str = "hardeningpolicies.hardened.dev";

/// Asked so often for a kind that isn't there, the operator must have begun to wait longer.
const ATTEMPTS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(1);
/// Where the control plane started slowly, the operator waits up to 30 s between two attempts already.
const LONGEST_ATTEMPTS: Duration = Duration::from_mins(2);

#[tokio::test]
async fn neither_a_missing_definition_nor_an_unreadable_object_stops_the_operator() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let definitions = Api::<CustomResourceDefinition>::all(control_plane.admin_client().await?);
    let apps = removed(&definitions, APPS).await?;
    let policies = removed(&definitions, POLICIES).await?;
    let mut operator = Operator::spawn(&control_plane).await?;
    waits_patiently(&control_plane, "hardeningpolicies").await?;
    installed(&definitions, &policies).await?;
    waits_patiently(&control_plane, "hardenedapps").await?;
    installed(&definitions, &apps).await?;
    operator.is_up().await?;

    let scene = Scene::on(control_plane, "definitions", &[]).await?;
    scene.ready("shop", WEB).await?;
    let operator = an_unreadable_object_is_reported_and_stops_no_other(&scene, operator).await?;
    definitions_go_and_come(&scene, &operator, &definitions).await?;
    assert!(operator.stop().await?.success(), "it was the same process all the time");
    Ok(())
}

/// Deletes a definition, and with it all its objects; returns what it was.
async fn removed(definitions: &Api<CustomResourceDefinition>, name: &str) -> Result<CustomResourceDefinition> {
    let definition = definitions.get(name).await?;
    definitions.delete(name, &DeleteParams::default()).await?;
    until("the definition is gone", LIMIT, async || Ok(definitions.get_opt(name).await?.is_none().then_some(())))
        .await?;
    Ok(definition)
}

async fn installed(api: &Api<CustomResourceDefinition>, definition: &CustomResourceDefinition) -> Result<()> {
    let mut anew = CustomResourceDefinition { spec: definition.spec.clone(), ..CustomResourceDefinition::default() };
    anew.metadata.name.clone_from(&definition.metadata.name);
    api.create(&PostParams::default(), &anew).await?;
    let names = &definition.spec.names;
    let kind = GroupVersionKind::gvk(&definition.spec.group, "v1alpha1", &names.kind);
    let objects = ApiResource::from_gvk_with_plural(&kind, &names.plural);
    let objects = Api::<DynamicObject>::all_with(api.clone().into_client(), &objects);
    until("the API server serves the kind", LIMIT, async || {
        Ok(objects.list_metadata(&ListParams::default()).await.ok().map(drop))
    })
    .await
}

/// The operator says which kind it waits for, and asks for it less and less often.
async fn waits_patiently(control_plane: &ControlPlane, kind: &str) -> Result<()> {
    let words = format!("{kind} (404: is the CustomResourceDefinition installed?)");
    until("the operator says what it waits for", LIMIT, async || {
        // It may not listen yet.
        let Ok((code, page)) = page(control_plane, "/readyz").await else { return Ok(None) };
        Ok((code == 503 && page.contains(&words)).then_some(()))
    })
    .await?;
    let asked = || async {
        let (_, metrics) = page(control_plane, "/metrics").await?;
        let line = metrics.lines().find(|line| line.starts_with("rest_client_requests_total") && line.contains("404"));
        let count = line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).unwrap_or_default();
        anyhow::Ok(count)
    };
    let begin = Instant::now();
    let before = asked().await?;
    until("the operator asks again", LONGEST_ATTEMPTS, async || {
        Ok((asked().await? >= before + f64::from(ATTEMPTS)).then_some(()))
    })
    .await?;
    ensure!(begin.elapsed() >= PATIENCE, "{ATTEMPTS} requests within {:?}", begin.elapsed());
    assert_eq!(page(control_plane, "/livez").await?.0, 200, "a restart wouldn't help");
    Ok(())
}

/// Every child's version: equal as long as nobody writes to it.
async fn running(scene: &Scene) -> Result<Vec<(String, String)>> {
    let mut versions = Vec::new();
    for kind in web_kinds() {
        versions.push(scene.version(kind.name, "shop-web").await?);
    }
    Ok(versions)
}

async fn an_unreadable_object_is_reported_and_stops_no_other(scene: &Scene, operator: Operator) -> Result<Operator> {
    let definitions = Api::<CustomResourceDefinition>::all(scene.client.clone());
    let before = running(scene).await?;
    let strict = definitions.get(APPS).await?.spec;
    let anything = JSONSchemaProps {
        type_: Some("object".into()),
        x_kubernetes_preserve_unknown_fields: Some(true),
        ..Default::default()
    };
    let mut loose = strict.clone();
    for version in &mut loose.versions {
        version.schema.get_or_insert_default().open_api_v3_schema = Some(anything.clone());
    }
    define(&definitions, loose).await?;
    // Untyped: what is to be written is no app.
    let untyped: Api<DynamicObject> =
        Api::namespaced_with(scene.client.clone(), scene.name(), &ApiResource::erase::<HardenedApp>(&()));
    let bad = Patch::Merge(json!({ "spec": { "components": "none" } }));
    until("the API server takes an app without components", LIMIT, async || {
        Ok(untyped.patch("shop", &PatchParams::default(), &bad).await.ok())
    })
    .await?;
    define(&definitions, strict).await?;
    until("the API server refuses such apps again", LIMIT, async || {
        let another = json!({ "metadata": { "name": "another" }, "spec": { "components": "none" } });
        let dry_run = PostParams { dry_run: true, ..Default::default() };
        Ok(untyped.create(&dry_run, &serde_json::from_value(another)?).await.err().map(drop))
    })
    .await?;

    is_unreadable(&untyped).await?;
    scene.ready("b", WEB).await?;
    assert!(operator.stop().await?.success());
    let operator = Operator::start(&scene.control_plane).await?;
    scene.ready("c", WEB).await?;
    scene.delete("Service", "b-web").await?;
    scene.reverted("b", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    is_unreadable(&untyped).await?;
    assert_eq!(running(scene).await?, before, "what ran keeps running");
    scene.change("shop", WEB).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(running(scene).await?, before, "corrected, it is what it was");
    Ok(operator)
}

async fn is_unreadable(apps: &Api<DynamicObject>) -> Result<()> {
    let message = sees(apps, "shop", "the operator says that it can't read the object", |app| {
        let conditions = app?.data.pointer("/status/conditions")?.as_array()?;
        let accepted = conditions.iter().find(|condition| condition.get("type") == Some(&"Accepted".into()))?;
        let field = |name: &str| accepted.get(name).and_then(Value::as_str);
        (field("reason")? == "Unreadable").then(|| field("message").unwrap_or_default().to_owned())
    })
    .await?;
    is_said(&message, "doesn't fit the schema: … \"none\" … correct it, or bring CRD and operator to the same version")
}

/// Replaces the definition, whatever version of it the server has come to meanwhile.
async fn define(api: &Api<CustomResourceDefinition>, spec: CustomResourceDefinitionSpec) -> Result<()> {
    until("the definition is replaced", LIMIT, async || {
        let mut definition = api.get(APPS).await?;
        definition.spec = spec.clone();
        match api.replace(APPS, &PostParams::default(), &definition).await {
            Err(kube::Error::Api(status)) if status.is_conflict() => Ok(None),
            answer => answer.map(Some).context("the definition is refused"),
        }
    })
    .await?;
    Ok(())
}

/// The policies' definition goes: apps run on. That of the apps goes, and they with it. Both come back, and so does the work.
async fn definitions_go_and_come(
    scene: &Scene,
    operator: &Operator,
    definitions: &Api<CustomResourceDefinition>,
) -> Result<()> {
    let before = running(scene).await?;
    let policies = removed(definitions, POLICIES).await?;
    is_told(operator, "hardeningpolicies").await?;
    let (gone, _) = scene.version("Service", "b-web").await?;
    scene.delete("Service", "b-web").await?;
    let anew = |service: &Value| (service.pointer("/metadata/uid")?.as_str()? != gone).then_some(());
    scene.object("Service", "b-web", "it is made anew", anew).await?;
    assert_eq!(running(scene).await?, before, "what ran keeps running");

    let apps = removed(definitions, APPS).await?;
    is_told(operator, "hardenedapps").await?;
    assert_eq!(page(&scene.control_plane, "/livez").await?.0, 200);
    installed(definitions, &policies).await?;
    installed(definitions, &apps).await?;
    scene.ready("again", WEB).await?;
    scene.delete("NetworkPolicy", "again-web").await?;
    scene.reverted("again", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    Ok(())
}

/// Waits until the log says that this kind can't be watched.
async fn is_told(operator: &Operator, kind: &str) -> Result<()> {
    until(&format!("the log says that {kind} can't be watched"), LIMIT, async || {
        let log = std::fs::read_to_string(operator.log())?;
        let told = log.lines().any(|line| line.contains("interrupted") && line.contains(kind) && line.contains("404"));
        Ok(told.then_some(()))
    })
    .await
}
