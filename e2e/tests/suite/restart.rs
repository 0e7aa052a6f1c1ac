//! What a restart of the operator costs, what it misses, what an object that it can't read does to it, and what is left when it
//! is uninstalled. All on one control plane of its own: the others' operator must go on.

use anyhow::{Context, Result};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, until};
use futures::future::try_join_all;
use hardened_app::api::{DriftChange, HardenedApp};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionSpec, JSONSchemaProps,
};
use kube::Api;
use kube::api::{ApiResource, DynamicObject, PostParams};
use serde_json::{Value, json};

use crate::metrics::{counts_what_the_audit_log_counts, stops_in_order};
use crate::samples::LARGEST;
use crate::scene::{Scene, WEB};
use crate::sees::{LIMIT, sees};
use crate::tamper::{edit, set};

/// Apps with one component, each with a child of its own to tamper with.
const APPS: [&str; 5] = ["a", "b", "c", "d", "e"];

#[tokio::test]
async fn neither_a_restart_nor_an_unreadable_object_does_harm() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let operator = Operator::start(&control_plane).await?;
    let scene = Scene::on(control_plane, "restart", &[]).await?;
    try_join_all(APPS.map(|app| scene.ready(app, WEB))).await?;
    scene.create_from(serde_saphyr::from_str(LARGEST)?).await?;
    scene.in_place("shop").await?;

    let operator = a_restart_writes_nothing(&scene, operator).await?;
    let operator = what_happened_while_it_was_down_is_undone(&scene, operator).await?;
    let operator = an_unreadable_object_is_reported_and_stops_no_other(&scene, operator).await?;
    counts_what_the_audit_log_counts(&scene, &operator).await?;
    stops_in_order(&scene, operator).await?;
    crate::chart::helm_takes_over_and_leaves_the_apps(&scene).await
}

async fn restart(scene: &Scene, operator: Operator) -> Result<Operator> {
    assert!(operator.stop().await?.success(), "it ends in order when asked to");
    Operator::start(&scene.control_plane).await
}

async fn a_restart_writes_nothing(scene: &Scene, operator: Operator) -> Result<Operator> {
    let before = scene.quiet().await?;
    let operator = restart(scene, operator).await?;
    // An app that is healed was looked at, so this is after all first looks.
    let apps = APPS.iter().map(|app| (*app, format!("{app}-web"))).chain([("shop", "shop-worker".to_owned())]);
    let heals = apps.map(async |(app, child)| {
        let path = "automountServiceAccountToken";
        let accounts = scene.objects("ServiceAccount")?;
        edit(&accounts, &child, |account| set(account, &format!("/{path}"), true.into())).await?;
        scene.reverted(app, "the edit", |item| item.path == path).await
    });
    let heals = try_join_all(heals).await?.len();
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before.len()).collect();
    let statuses = after.iter().filter(|request| request.subresource.is_some()).count();
    assert_eq!(
        (after.len() - statuses, statuses),
        (heals, heals),
        "one write and one status for each edit: {after:#?}"
    );
    Ok(operator)
}

async fn what_happened_while_it_was_down_is_undone(scene: &Scene, operator: Operator) -> Result<Operator> {
    let before = scene.quiet().await?.len();
    operator.stop().await?;
    let image = "/spec/template/spec/containers/0/image";
    edit(&scene.objects("Deployment")?, "a-web", |object| set(object, image, "evil:1".into())).await?;
    scene.delete("NetworkPolicy", "b-web").await?;
    scene.gone("NetworkPolicy", "b-web").await?;
    let operator = Operator::start(&scene.control_plane).await?;

    let path = "spec.template.spec.containers[name=web].image";
    let changed = scene.reverted("a", "the image", |item| item.path == path).await?;
    assert_eq!((changed.live.as_str(), changed.manager.as_str()), ("evil:1", crate::tamper::HUMAN));
    scene.reverted("b", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    let after: Vec<_> = scene.quiet().await?.into_iter().skip(before).collect();
    let mut written: Vec<_> = after.iter().filter(|request| request.subresource.is_none()).collect();
    written.sort_by(|one, other| one.name.cmp(&other.name));
    let written: Vec<_> = written.iter().map(|request| (request.verb.as_str(), request.name.as_deref())).collect();
    assert_eq!(written, [("patch", Some("a-web")), ("patch", Some("b-web"))]);
    Ok(operator)
}

async fn an_unreadable_object_is_reported_and_stops_no_other(scene: &Scene, operator: Operator) -> Result<Operator> {
    let definitions = Api::<CustomResourceDefinition>::all(scene.client.clone());
    let strict = definitions.get("hardenedapps.hardened.dev").await?.spec;
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
    let untyped: Api<DynamicObject> =
        Api::namespaced_with(scene.client.clone(), scene.name(), &ApiResource::erase::<HardenedApp>(&()));
    let bad = json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": "bad" },
        "spec": { "components": "none" },
    });
    until("the API server takes an object without components", LIMIT, async || {
        Ok(untyped.create(&PostParams::default(), &serde_json::from_value(bad.clone())?).await.ok())
    })
    .await?;
    define(&definitions, strict).await?;
    until("the API server refuses such objects again", LIMIT, async || {
        let mut another = bad.clone();
        set(&mut another, "/metadata/name", "another".into());
        let dry_run = PostParams { dry_run: true, ..Default::default() };
        Ok(untyped.create(&dry_run, &serde_json::from_value(another)?).await.err().map(drop))
    })
    .await?;

    is_unreadable(&untyped).await?;
    scene.ready("f", WEB).await?;
    let operator = restart(scene, operator).await?;
    scene.ready("g", WEB).await?;
    scene.delete("Service", "c-web").await?;
    scene.reverted("c", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    is_unreadable(&untyped).await?;
    Ok(operator)
}

async fn is_unreadable(apps: &Api<DynamicObject>) -> Result<()> {
    let message = sees(apps, "bad", "the operator says that it can't read the object", |app| {
        let conditions = app?.data.pointer("/status/conditions")?.as_array()?;
        let accepted = conditions.iter().find(|condition| condition.get("type") == Some(&"Accepted".into()))?;
        let field = |name: &str| accepted.get(name).and_then(Value::as_str);
        (field("reason")? == "Unreadable").then(|| field("message").unwrap_or_default().to_owned())
    })
    .await?;
    assert!(message.contains("\"none\""), "it says what it can't read: {message}");
    Ok(())
}

/// Replaces the definition, whatever version of it the server has come to meanwhile.
async fn define(api: &Api<CustomResourceDefinition>, spec: CustomResourceDefinitionSpec) -> Result<()> {
    until("the definition is replaced", LIMIT, async || {
        let mut definition = api.get("hardenedapps.hardened.dev").await?;
        definition.spec = spec.clone();
        match api.replace("hardenedapps.hardened.dev", &PostParams::default(), &definition).await {
            Err(kube::Error::Api(status)) if status.is_conflict() => Ok(None),
            answer => answer.map(Some).context("the definition is refused"),
        }
    })
    .await?;
    Ok(())
}
