//! Secrets and databases are checked before a release.

use anyhow::Result;
use hardened_app::preflight::{DatabaseFault, KeyFault, Report};
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::{Kubelet, PodOutcome, image, jobs, part, set_version};
use crate::databases::{let_in, managed};
use crate::scene::{Scene, WEB};

/// An app that lists a Secret.
fn with_secret() -> Result<Value> {
    let components: Value = serde_saphyr::from_str(WEB)?;
    let keys = json!([{ "name": "DATABASE_URL", "format": "url" }]);
    Ok(json!({
        "apiVersion": "hardened.dev/v1alpha1",
        "kind": "HardenedApp",
        "metadata": { "name": "shop" },
        "spec": { "components": components, "secrets": [{ "name": "shop-env", "keys": keys }] },
    }))
}

fn missing(_: &Pod) -> PodOutcome {
    PodOutcome::Waits("CreateContainerConfigError", "secret \"shop-env\" not found".to_owned())
}

#[tokio::test]
async fn a_missing_secret_is_named_and_its_arrival_rolls_out_by_itself() -> Result<()> {
    let scene = Scene::open("no-secret").await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), missing);
    scene.create_from(with_secret()?).await?;
    scene.condition_saying("shop", "SecretsValid", "False", "SecretMissing", "secret \"shop-env\" not found").await?;
    scene.condition_saying("shop", "Ready", "False", "PreflightFailed", "shop-env").await?;
    scene.condition("shop", "Reconciling", "True", "PreflightFailed").await?;
    assert_eq!(image(&scene).await?, "");
    kubelet.decide(|_| PodOutcome::succeeds());
    scene.condition("shop", "Ready", "True", "Available").await?;
    scene.condition("shop", "SecretsValid", "True", "Valid").await?;
    // What isn't needed any more is gone.
    for job in jobs(&scene).await? {
        scene.gone("Job", &job).await?;
    }
    scene.gone("NetworkPolicy", "shop-preflight").await?;
    scene.gone("ServiceAccount", "shop-preflight").await?;
    Ok(())
}

#[tokio::test]
async fn a_malformed_value_is_named_by_key_and_rule() -> Result<()> {
    let scene = Scene::open("bad-secret").await?;
    let key =
        KeyFault { secret: "shop-env".to_owned(), key: "DATABASE_URL".to_owned(), rule: "must be a URL".to_owned() };
    let report = Report { keys: vec![key], ..Report::default() };
    let _kubelet = Kubelet::start(&scene.client, scene.name(), move |_| PodOutcome::Restarts(1, report.message()));
    scene.create_from(with_secret()?).await?;
    let says = "Secret shop-env: DATABASE_URL must be a URL";
    scene.condition_saying("shop", "SecretsValid", "False", "SecretInvalid", says).await?;
    Ok(())
}

#[tokio::test]
async fn a_database_that_does_not_answer_holds_back_a_release_and_lets_in_the_checks_meanwhile() -> Result<()> {
    let scene = Scene::open("no-answer").await?;
    let fault = DatabaseFault { name: "db".to_owned(), problem: "no answer on port 5432".to_owned() };
    let report = Report { databases: vec![fault], ..Report::default() };
    let kubelet = Kubelet::start(&scene.client, scene.name(), move |pod| match part(pod).as_str() {
        "preflight" => PodOutcome::Restarts(1, report.message()),
        _ => PodOutcome::Runs,
    });
    scene.create_from(crate::databases::shop("  connectsTo: [db]\n", &json!([managed()]))?).await?;
    let says = "database db: no answer on port 5432";
    scene.condition_saying("shop", "SecretsValid", "False", "DatabaseUnreachable", says).await?;
    assert_eq!(let_in(&scene, "shop-db").await?, ["shop.preflight", "shop.web"]);
    scene.object("StatefulSet", "shop-db", "the database comes before its checks", |_| Some(())).await?;
    assert_eq!(image(&scene).await?, "");
    kubelet.decide(|_| PodOutcome::succeeds());
    scene.object("Deployment", "shop-web", "the release runs", |_| Some(())).await?;
    scene
        .object("NetworkPolicy", "shop-db", "the checks are shut out", |live| {
            (crate::databases::workloads(live) == ["shop.web"]).then_some(())
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn nothing_is_checked_again_for_a_release_that_needs_the_same() -> Result<()> {
    let scene = Scene::open("checked").await?;
    let kubelet = Kubelet::start(&scene.client, scene.name(), |_| PodOutcome::succeeds());
    scene.create_from(with_secret()?).await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    kubelet.decide(missing);
    set_version(&scene, "2.0.0").await?;
    scene.condition("shop", "Ready", "True", "Available").await?;
    assert_eq!(image(&scene).await?, "2.0.0");
    Ok(())
}
