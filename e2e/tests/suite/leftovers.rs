//! Children of a removed component that a finalizer keeps.

use anyhow::Result;
use kube::api::Patch;
use serde_json::json;

use crate::scene::{Scene, WEB};
use crate::tamper::{edit, patch, push, set};

/// Number of reconciliations in which the object still exists.
const RECONCILIATIONS: usize = 4;

#[tokio::test]
async fn a_deployment_that_a_finalizer_keeps_is_deleted_once_and_reported() -> Result<()> {
    let scene = Scene::open("kept").await?;
    scene.ready("shop", &format!("{WEB}{}", WEB.replace("web", "api"))).await?;
    let deployments = scene.objects("Deployment")?;
    edit(&deployments, "shop-api", |object| push(object, "/metadata/finalizers", "example.com/x".into())).await?;
    scene.change("shop", WEB).await?;
    scene
        .object("Deployment", "shop-api", "it is being deleted", |live| {
            live.pointer("/metadata/deletionTimestamp").map(drop)
        })
        .await?;
    for number in 0..RECONCILIATIONS {
        let label = format!("edit-{number}");
        let pointer = format!("/metadata/labels/{label}");
        edit(&deployments, "shop-web", |object| set(object, &pointer, "x".into())).await?;
        let path = format!("metadata.labels.{label}");
        scene.reverted("shop", &path, |item| item.path == path).await?;
    }
    scene
        .reported("shop", "the status names the leftover object", |status| {
            let mut left = status.findings.iter().filter(|finding| finding.check == "leftover");
            left.any(|finding| finding.message.contains("Deployment shop-api")).then_some(())
        })
        .await?;
    let requests = scene.quiet().await?;
    let deletions = requests.iter().filter(|request| request.verb == "delete" && request.resource == "deployments");
    assert_eq!(deletions.count(), 1, "{requests:#?}");

    patch(&deployments, "shop-api", &Patch::Merge(json!({ "metadata": { "finalizers": null } }))).await?;
    scene.gone("Deployment", "shop-api").await?;
    // ServiceAccount and NetworkPolicy are deleted after the Deployment.
    scene.gone("NetworkPolicy", "shop-api").await?;
    scene.gone("ServiceAccount", "shop-api").await
}
