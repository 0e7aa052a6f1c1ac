//! An entry point: the sample `saas` is reachable under one host, by what Contour enforces; what others change of it is reverted, and no other
//! team gets the host.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use e2e::kubelet::{Kubelet, PodOutcome};
use e2e::{ControlPlane, Definitions};
use hardened_app::api::{ConditionType, HardenedAppStatus};
use hardened_app::desired::HTTP_PROXIES;
use serde_json::Value;

use crate::app::{APP, App, NAMESPACE, wait};
use crate::kubectl::Kubectl;
use crate::table;

const FOLDER: &str = "deploy/samples/saas/";
const SAAS: &str = "saas";
const PANEL: &str = "panel";
const HOST: &str = "panel.saas.example.com";

/// Applies the sample, changes its proxy, and asks for its host from another namespace.
pub(crate) async fn play(control_plane: &ControlPlane, app: &App<'_>, kubectl: &Kubectl<'_>) -> Result<Kubelet> {
    println!("   installing the definitions of Contour and cert-manager, without the controllers …");
    let client = control_plane.admin_client().await?;
    Definitions::Contour.install(&client).await?;
    Definitions::CertManager.install(&client).await?;
    let kubelet = Kubelet::start(&client, SAAS, |_| PodOutcome::succeeds());
    println!("   A platform's policy, and an app with a database, a migration and a host:");
    kubectl.run(&["apply", "-f", FOLDER]).await?;
    let proxy = wait("the host has its proxy", async || proxy(app).await).await?;
    let name = proxy.pointer("/metadata/name").and_then(Value::as_str).context("an object without a name")?;
    println!("\n   Its secrets were checked and its migration has run; what leads to it comes last:");
    kubectl.run(&["-n", SAAS, "get", "httpproxies,certificates", "-o", "name"]).await?;
    let headers = proxy.pointer("/spec/routes/0/responseHeadersPolicy/set").and_then(Value::as_array);
    let text = |header: &Value, field: &str| header.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows = headers.into_iter().flatten().map(|header| [text(header, "name"), text(header, "value")]);
    table::print(&rows.collect::<Vec<_>>());

    println!("\n   A user lets old versions of TLS in:");
    let patch = r#"[{"op":"remove","path":"/spec/virtualhost/tls/minimumProtocolVersion"}]"#;
    let resource = format!("httpproxy/{name}");
    let began = Instant::now();
    kubectl.run(&["-n", SAAS, "patch", &resource, "--type=json", "--patch", patch]).await?;
    let item = wait("the change is reverted", async || {
        let mut reverted = app.status_in(SAAS, PANEL).await?.drift.reverted.into_iter();
        Ok(reverted.find(|item| item.kind == HTTP_PROXIES.name))
    })
    .await?;
    println!(
        "   reverted {} ms later, kubectl included: {} of {} {}",
        began.elapsed().as_millis(),
        item.path,
        item.kind,
        item.name
    );

    println!("\n   Another team asks for the same host:");
    let exposures = format!(
        r#"[{{"op":"add","path":"/spec/exposures","value":[{{"host":"{HOST}","routes":[{{"path":"/","component":"web"}}]}}]}}]"#
    );
    kubectl.run(&["-n", NAMESPACE, "patch", "happ", APP, "--type=json", "--patch", &exposures]).await?;
    let message = wait("the host is refused", async || Ok(refusal(&app.status_of(APP).await?))).await?;
    println!("   Accepted is False: {message}");
    kubectl
        .run(&[
            "-n",
            NAMESPACE,
            "patch",
            "happ",
            APP,
            "--type=json",
            "--patch",
            r#"[{"op":"remove","path":"/spec/exposures"}]"#,
        ])
        .await?;
    println!("\n   What the app says of its host, without a controller that would accept it:");
    kubectl.run(&["-n", SAAS, "get", "happ", PANEL, "-o", "custom-columns=HOST:.status.exposures[0].host,EXPOSED:.status.exposures[0].exposed,MESSAGE:.status.exposures[0].message"]).await?;
    Ok(kubelet)
}

/// The proxy of the sample, once there is one.
async fn proxy(app: &App<'_>) -> Result<Option<Value>> {
    let mut proxies = app.objects_in(SAAS, HTTP_PROXIES).await?;
    ensure!(proxies.len() <= 1, "one host has one proxy: {proxies:?}");
    Ok(proxies.pop())
}

/// The message of the condition that says that a spec is refused because of its host.
fn refusal(status: &HardenedAppStatus) -> Option<String> {
    let mut conditions = status.conditions.iter();
    let found = conditions.find(|it| it.type_ == ConditionType::Accepted.as_str() && it.status == "False")?;
    found.message.contains(HOST).then(|| found.message.clone())
}
