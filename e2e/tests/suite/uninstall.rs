//! Removing the operator removes no app.

use anyhow::{Context, Result, ensure};
use e2e::ControlPlane;
use e2e::operator::{self, Operator};
use hardened_app::api::HardenedApp;
use k8s_openapi::api::core::v1::{Namespace, ResourceQuota};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};

use crate::scene::{Scene, WEB, web_kinds};
use crate::wait::wait_until;

/// The operator's namespace.
const OWN: &str = "hardened-system";

/// On a separate control plane, because the other tests need the operator.
#[tokio::test]
async fn deleting_what_was_installed_keeps_the_apps_and_what_they_run() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let operator = Operator::start(&control_plane).await?;
    let scene = Scene::on(control_plane, "kept", &[]).await?;
    let app = scene.ready("shop", WEB).await?;
    let mut before = Vec::new();
    for kind in web_kinds() {
        before.push(scene.version(kind.name, "shop-web").await?);
    }
    assert!(operator.stop().await?.success());

    // The Deployment isn't installed: the tests run the program themselves.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/install.yaml");
    let mut delete = tokio::process::Command::from(scene.control_plane.kubectl()?);
    let output = delete.args(["delete", "--ignore-not-found", "--filename", file]).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let namespaces = Api::<Namespace>::all(scene.client.clone());
    wait_until(&namespaces, OWN, "the operator's namespace is gone", |namespace| namespace.is_none().then_some(()))
        .await?;
    let kept = scene.apps().get("shop").await.context("the app is gone")?;
    assert_eq!(kept.metadata.uid, app.metadata.uid);
    for (kind, before) in web_kinds().zip(&before) {
        assert_eq!(scene.version(kind.name, "shop-web").await?, *before, "{}", kind.name);
    }

    // Installed again, it goes on where it was.
    operator::install(&scene.control_plane).await?;
    let operator = Operator::start(&scene.control_plane).await?;
    scene.delete("Service", "shop-web").await?;
    scene.reverted("shop", "the deletion", |item| item.kind == "Service").await?;
    assert!(operator.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn no_app_can_be_created_in_the_namespace_that_is_deleted_with_the_operator() -> Result<()> {
    let client = ControlPlane::shared()?.admin_client().await?;
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), OWN);
    wait_until(&quotas, "no-apps", "the quota is enforced", |quota| quota?.status.as_ref()?.hard.as_ref().map(drop))
        .await?;
    let apps: Api<HardenedApp> = Api::namespaced(client, OWN);
    let spec = serde_json::from_value(serde_json::json!({
        "components": [{ "name": "web", "image": "registry.example.com/hello:1" }]
    }))?;
    let metadata = ObjectMeta { name: Some("shop".to_owned()), ..ObjectMeta::default() };
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    let refused = apps.create(&parameters, &HardenedApp { metadata, spec, status: None }).await.err();
    let refusal = refused.context("an app was created")?.to_string();
    assert!(refusal.contains("quota: no-apps"), "{refusal}");
    Ok(())
}
