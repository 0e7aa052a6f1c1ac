//! What a cluster rejects is also rejected without a cluster.

use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use hardened_app::api::HardeningPolicy;
use hardened_app::app::{App, Policy, Rejection};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::row::{Caught, check_message};
use crate::scene::Scene;

/// Checks that `hardened-app render` rejects the object, and that the operator's rules do so without the schema: a stored object
/// may be older than a rule of the schema. The policy is given by name and spec.
pub(super) async fn is_rejected(
    scene: &Scene,
    caught: Caught,
    app: &Value,
    policy: Option<(&str, &Value)>,
) -> Result<()> {
    let (Caught::ByServer(_, words) | Caught::Unreadable(_, words) | Caught::ByOperator(words)) = caught;
    let policy = policy.map(|(name, spec)| {
        json!({
            "apiVersion": "hardened.dev/v1alpha1",
            "kind": "HardeningPolicy",
            "metadata": { "name": name },
            "spec": spec,
        })
    });
    let rendered = render(scene, app, policy.as_ref()).await?;
    check_message(&rendered, words).context("render")?;
    if matches!(caught, Caught::Unreadable(..)) {
        return Ok(());
    }
    let policy = match policy {
        Some(policy) => Policy::accept(&serde_json::from_value::<HardeningPolicy>(policy)?),
        None => Ok(Policy::default()),
    };
    let app = serde_json::from_value(app.clone())?;
    let Err(rejections) = policy.and_then(|policy| App::accept(&app, &policy)) else { bail!("`accept` accepted it") };
    let said: Vec<String> = rejections.iter().map(Rejection::to_string).collect();
    check_message(&said.join("\n"), words).context("accept")
}

/// The error message of `hardened-app render`, which must reject the object.
async fn render(scene: &Scene, app: &Value, policy: Option<&Value>) -> Result<String> {
    let mut command = tokio::process::Command::from(e2e::operator::program()?);
    command.args(["render", "--filename", "-"]);
    if let Some(policy) = policy {
        let file = scene.control_plane.dir().join(format!("{}.policy.json", scene.name()));
        std::fs::write(&file, policy.to_string())?;
        command.arg("--policy").arg(file);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().context("no standard input")?;
    // It reads the policy first, and exits without reading the object if the policy is invalid.
    let _ = input.write_all(app.to_string().as_bytes()).await;
    drop(input);
    let output = child.wait_with_output().await?;
    ensure!(!output.status.success(), "render accepted it");
    Ok(String::from_utf8(output.stderr)?)
}
