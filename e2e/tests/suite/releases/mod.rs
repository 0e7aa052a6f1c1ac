//! Releases that wait for their checks and their migration.

mod checks;
mod history;
mod migrations;
mod records;
mod schedules;

use anyhow::Result;
pub(crate) use e2e::kubelet::{Kubelet, PodOutcome, part};
use serde_json::{Value, json};

use crate::scene::{Scene, WEB};

/// An app `shop` of this version with a migration, which is the image's own.
pub(crate) fn shop(version: &str) -> Result<Value> {
    let components: Value = serde_saphyr::from_str(&WEB.replace("1.0.0", version))?;
    Ok(json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": "shop" },
        "spec": { "components": components, "migration": { "command": ["/app/migrate", "up"] } },
    }))
}

/// Sets another version.
pub(crate) async fn set_version(scene: &Scene, version: &str) -> Result<()> {
    scene.change("shop", &WEB.replace("1.0.0", version)).await?;
    Ok(())
}

/// The image that the Deployment of the app has; empty if there is none.
pub(crate) async fn image(scene: &Scene) -> Result<String> {
    let live = scene.live("Deployment", "shop-web").await?;
    let image = live.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default();
    Ok(image.rsplit(':').next().unwrap_or_default().to_owned())
}

/// The names of the app's Jobs.
pub(crate) async fn jobs(scene: &Scene) -> Result<Vec<String>> {
    let jobs = scene.objects("Job")?.list(&kube::api::ListParams::default()).await?;
    Ok(jobs.items.into_iter().filter_map(|job| job.metadata.name).collect())
}
