//! CustomResourceDefinitions that are missing or deleted while apps run, and objects that don't conform to them. On a separate
//! control plane, because all tests need the definitions.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::operator::{self, Operator, page};
use e2e::{ControlPlane, until};
use hardened_app::api::{DriftChange, HardenedApp};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionSpec, JSONSchemaProps,
};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use super::row::check_message;
use crate::scene::{Scene, WEB, web_kinds};
use crate::wait::{LIMIT, wait_until};

const APPS: &str = "hardenedapps.hardened.dev";
const POLICIES: &str = "hardeningpolicies.hardened.dev";

/// This number of requests for each missing kind takes at least [`SHORTEST`], because the operator backs off.
const ATTEMPTS: u32 = 2;
const SHORTEST: Duration = Duration::from_secs(1);
/// If the control plane started slowly, the operator already waits up to 30 s between two attempts.
const LONGEST: Duration = Duration::from_mins(2);

#[tokio::test]
async fn neither_a_missing_definition_nor_an_unreadable_object_ends_the_operator() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let definitions = Api::<CustomResourceDefinition>::all(control_plane.admin_client().await?);
    let apps = removed(&definitions, APPS).await?;
    let policies = removed(&definitions, POLICIES).await?;
    let operator = Operator::spawn(&control_plane).await?;
    waits_for_the_definition(&control_plane, "hardeningpolicies", 2).await?;
    let mut operator = a_replica_that_waits_for_a_definition_gives_the_lease_back(&control_plane, operator).await?;
    installed(&definitions, &policies).await?;
    waits_for_the_definition(&control_plane, "hardenedapps", 1).await?;
    installed(&definitions, &apps).await?;
    operator.is_up().await?;

    let scene = Scene::on(control_plane, "definitions", &[]).await?;
    scene.ready("shop", WEB).await?;
    let operator = an_unreadable_object_is_reported_and_blocks_no_other(&scene, operator).await?;
    definitions_are_deleted_and_recreated(&scene, &operator, &definitions).await?;
    assert!(operator.stop().await?.success(), "the process ran all the time");
    Ok(())
}

/// Deletes a definition, and with it all its objects; returns the definition.
async fn removed(definitions: &Api<CustomResourceDefinition>, name: &str) -> Result<CustomResourceDefinition> {
    let definition = definitions.get(name).await?;
    definitions.delete(name, &DeleteParams::default()).await?;
    until("the definition is gone", LIMIT, async || Ok(definitions.get_opt(name).await?.is_none().then_some(())))
        .await?;
    Ok(definition)
}

async fn installed(api: &Api<CustomResourceDefinition>, definition: &CustomResourceDefinition) -> Result<()> {
    let mut created = CustomResourceDefinition { spec: definition.spec.clone(), ..CustomResourceDefinition::default() };
    created.metadata.name.clone_from(&definition.metadata.name);
    api.create(&PostParams::default(), &created).await?;
    let names = &definition.spec.names;
    let kind = GroupVersionKind::gvk(&definition.spec.group, "v1alpha1", &names.kind);
    let objects = ApiResource::from_gvk_with_plural(&kind, &names.plural);
    let objects = Api::<DynamicObject>::all_with(api.clone().into_client(), &objects);
    until("the API server serves the kind", LIMIT, async || {
        Ok(objects.list_metadata(&ListParams::default()).await.ok().map(drop))
    })
    .await
}

/// `/readyz` names the kind that the operator waits for, and the operator backs off between its requests, also where it waits for
/// several kinds at once.
async fn waits_for_the_definition(control_plane: &ControlPlane, kind: &str, missing: u32) -> Result<()> {
    let words = format!("{kind} (404: is the CustomResourceDefinition installed?)");
    until("the operator names the kind it waits for", LIMIT, async || {
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
    let attempts = ATTEMPTS * missing;
    until("the operator tries again", LONGEST, async || {
        Ok((asked().await? >= before + f64::from(attempts)).then_some(()))
    })
    .await?;
    ensure!(begin.elapsed() >= SHORTEST, "{attempts} requests for {missing} kinds within {:?}", begin.elapsed());
    assert_eq!(page(control_plane, "/livez").await?.0, 200, "alive, because a restart wouldn't help");
    Ok(())
}

/// It leads already: stopped, it lets another one lead at once, and it ends where another one has taken the lease. Returns one that leads.
async fn a_replica_that_waits_for_a_definition_gives_the_lease_back(
    control_plane: &ControlPlane,
    operator: Operator,
) -> Result<Operator> {
    let leases = Api::<Lease>::namespaced(control_plane.admin_client().await?, operator::LEASE.1);
    let holder = async || anyhow::Ok(leases.get(operator::LEASE.0).await?.spec.unwrap_or_default().holder_identity);
    let stopped = Instant::now();
    assert!(operator.stop().await?.success());
    assert!(stopped.elapsed() < Duration::from_secs(5), "it doesn't wait for the definition");
    assert_eq!(holder().await?.as_deref(), Some(""), "the lease is released");

    let mut operator = Operator::spawn(control_plane).await?;
    until("it leads", LIMIT, async || Ok(holder().await?.is_some_and(|holder| !holder.is_empty()).then_some(())))
        .await?;
    let taken = Patch::Merge(json!({ "spec": { "holderIdentity": "another" } }));
    leases.patch(operator::LEASE.0, &PatchParams::default(), &taken).await?;
    assert_eq!(operator.exits().await?.code(), Some(1));
    let log = std::fs::read_to_string(operator.log())?;
    assert!(log.contains("the lease is held by another"), "{log}");
    leases.delete(operator::LEASE.0, &DeleteParams::default()).await?;
    Operator::spawn(control_plane).await
}

/// The versions of all children: equal as long as no client writes to them.
async fn running(scene: &Scene) -> Result<Vec<(String, String)>> {
    let mut versions = Vec::new();
    for kind in web_kinds() {
        versions.push(scene.version(kind.name, "shop-web").await?);
    }
    Ok(versions)
}

async fn an_unreadable_object_is_reported_and_blocks_no_other(scene: &Scene, operator: Operator) -> Result<Operator> {
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
    // Untyped, because the object to write doesn't conform to the type.
    let untyped: Api<DynamicObject> =
        Api::namespaced_with(scene.client.clone(), scene.name(), &ApiResource::erase::<HardenedApp>(&()));
    let bad = Patch::Merge(json!({ "spec": { "components": "none" } }));
    until("the API server accepts an app without components", LIMIT, async || {
        Ok(untyped.patch("shop", &PatchParams::default(), &bad).await.ok())
    })
    .await?;
    define(&definitions, strict).await?;
    until("the API server rejects such apps again", LIMIT, async || {
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
    assert_eq!(running(scene).await?, before, "the children are unchanged");
    scene.change("shop", WEB).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(running(scene).await?, before, "the children are unchanged after the correction");
    Ok(operator)
}

async fn is_unreadable(apps: &Api<DynamicObject>) -> Result<()> {
    let message = wait_until(apps, "shop", "the operator reports that it can't read the object", |app| {
        let conditions = app?.data.pointer("/status/conditions")?.as_array()?;
        let accepted = conditions.iter().find(|condition| condition.get("type") == Some(&"Accepted".into()))?;
        let field = |name: &str| accepted.get(name).and_then(Value::as_str);
        (field("reason")? == "Unreadable").then(|| field("message").unwrap_or_default().to_owned())
    })
    .await?;
    check_message(
        &message,
        "doesn't fit the schema: … \"none\" … correct it, or bring CRD and operator to the same version",
    )
}

/// Replaces the definition; retries on conflicts with other writers.
async fn define(api: &Api<CustomResourceDefinition>, spec: CustomResourceDefinitionSpec) -> Result<()> {
    until("the definition is replaced", LIMIT, async || {
        let mut definition = api.get(APPS).await?;
        definition.spec = spec.clone();
        match api.replace(APPS, &PostParams::default(), &definition).await {
            Err(kube::Error::Api(status)) if status.is_conflict() => Ok(None),
            answer => answer.map(Some).context("the API server rejects the definition"),
        }
    })
    .await?;
    Ok(())
}

/// Without the definition of policies the operator still reverts drift. Deleting the definition of apps deletes the apps. Once
/// both are created again, the operator reconciles apps as before.
async fn definitions_are_deleted_and_recreated(
    scene: &Scene,
    operator: &Operator,
    definitions: &Api<CustomResourceDefinition>,
) -> Result<()> {
    let before = running(scene).await?;
    let policies = removed(definitions, POLICIES).await?;
    is_logged(operator, "hardeningpolicies").await?;
    let (gone, _) = scene.version("Service", "b-web").await?;
    scene.delete("Service", "b-web").await?;
    let recreated = |service: &Value| (service.pointer("/metadata/uid")?.as_str()? != gone).then_some(());
    scene.object("Service", "b-web", "it is recreated", recreated).await?;
    assert_eq!(running(scene).await?, before, "the other children are unchanged");

    let apps = removed(definitions, APPS).await?;
    is_logged(operator, "hardenedapps").await?;
    assert_eq!(page(&scene.control_plane, "/livez").await?.0, 200);
    installed(definitions, &policies).await?;
    installed(definitions, &apps).await?;
    scene.ready("again", WEB).await?;
    scene.delete("NetworkPolicy", "again-web").await?;
    scene.reverted("again", "the deletion", |item| item.change == DriftChange::Deleted).await?;
    Ok(())
}

/// Waits until the log says that this kind can't be watched.
async fn is_logged(operator: &Operator, kind: &str) -> Result<()> {
    until(&format!("the log says that {kind} can't be watched"), LIMIT, async || {
        let log = std::fs::read_to_string(operator.log())?;
        let logged =
            log.lines().any(|line| line.contains("interrupted") && line.contains(kind) && line.contains("404"));
        Ok(logged.then_some(()))
    })
    .await
}
