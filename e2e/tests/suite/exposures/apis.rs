//! The API that a policy's controller needs is missing, appears and vanishes, while apps run.

use anyhow::{Result, ensure};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Definitions, memory};
use serde_json::json;

use super::stage::{contour, gateway, host, host_with_secret, manifest, names, stage};
use crate::scene::Scene;

const ROUNDS: usize = 20;

/// What the operator's memory may grow by from the second round to the last, in MiB: less than what one round would have to leave behind to be
/// noticed in a month.
const GROWTH: f64 = 4.0;

#[tokio::test]
async fn an_api_vanishes_and_comes_back_any_number_of_times() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let mut operator = Operator::start(&control_plane).await?;
    let scene = stage(Scene::on(control_plane.attached(), "vanishing", &[]).await?, contour()).await?;
    scene.create_from(manifest("shop", &json!([host_with_secret("vanishing.example.com", "shop")]))?).await?;
    let mut after_second = 0.0;
    for round in 0..ROUNDS {
        let says = "the cluster doesn't have HTTPProxy (projectcontour.io)";
        scene.condition_saying("shop", "Exposed", "False", "ApiMissing", says).await?;
        scene.condition("shop", "Ready", "False", "ApiMissing").await?;
        Definitions::Contour.install(&scene.client).await?;
        let says = "its controller hasn't reported yet";
        scene.condition_saying("shop", "Exposed", "False", "RoutePending", says).await?;
        ensure!(names(&scene, "HTTPProxy").await?.len() == 1, "round {round}");
        Definitions::Contour.remove(&scene.client).await?;
        operator.is_up().await?;
        if round == 1 {
            after_second = memory::of(control_plane.process(operator::NAME)?)?.0;
        }
    }
    scene.condition("shop", "Exposed", "False", "ApiMissing").await?;
    let drift = scene.apps().get("shop").await?.status.unwrap_or_default().drift;
    ensure!(drift.is_empty(), "an object that went with its kind wasn't deleted by anybody: {drift:?}");
    let after_last = memory::of(control_plane.process(operator::NAME)?)?.0;
    println!("resident memory after round 2: {after_second:.1} MiB, after round {ROUNDS}: {after_last:.1} MiB");
    ensure!(after_last < after_second + GROWTH, "{after_second:.1} MiB became {after_last:.1} MiB");
    let quiet = scene.quiet().await?;
    let failed: Vec<_> =
        quiet.iter().filter(|request| request.resource == "httpproxies" && request.verb == "patch").collect();
    ensure!(failed.len() >= ROUNDS, "{failed:?}");
    operator.stop().await?;
    Ok(())
}

#[tokio::test]
async fn an_app_waits_for_the_first_api_and_nothing_else_of_it_does() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    operator::install(&control_plane).await?;
    let operator = Operator::start(&control_plane).await?;
    let scene = stage(Scene::on(control_plane.attached(), "waiting", &[]).await?, gateway()).await?;
    scene.create_from(manifest("shop", &json!([host("waiting.example.com")]))?).await?;
    scene.condition_saying("shop", "Exposed", "False", "ApiMissing", "HTTPRoute").await?;
    scene.condition("shop", "Available", "True", "Available").await?;
    scene.condition("shop", "Reconciling", "True", "ApiMissing").await?;
    scene.quiet().await?;
    Definitions::GatewayApi.install(&scene.client).await?;
    scene.condition("shop", "Exposed", "False", "RoutePending").await?;
    ensure!(names(&scene, "HTTPRoute").await?.len() == 2);
    operator.stop().await?;
    Ok(())
}
