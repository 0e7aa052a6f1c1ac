//! How many apps are reconciled when others create one more NetworkPolicy in a namespace full of apps.

use std::path::Path;

use anyhow::Result;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::fleet::Fleet;
use crate::quiet;
use crate::restart::reconciliations;
use crate::stage::{Contender, Stage};

/// Apps of the namespace.
pub(crate) const APPS: usize = 100;

const NAMESPACE: &str = "busy";

/// Reconciliations after one more policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluations {
    /// It selects pods of one of the apps.
    pub(crate) for_its_app: usize,
    /// It selects pods of none of them.
    pub(crate) for_another: usize,
}

pub(crate) async fn measure(program: &Path) -> Result<Evaluations> {
    let mut stage = Stage::set(Contender::Operator, program).await?;
    let fleet = Fleet::within(NAMESPACE, APPS)?;
    fleet.prepare(stage.admin()).await?;
    stage.fill(Contender::Operator, &fleet).await?;
    stage.in_place(APPS).await?;
    let for_another = after(&stage, "none", &json!({ "app": "another" })).await?;
    let for_its_app = after(&stage, "one", &json!({ "app.kubernetes.io/part-of": "app-0042" })).await?;
    stage.stop_operator().await?;
    Ok(Evaluations { for_its_app, for_another })
}

/// Creates a policy that lets everyone in to pods with these labels.
async fn after(stage: &Stage, name: &str, labels: &Value) -> Result<usize> {
    quiet::wait(stage.operator()?).await?;
    let before = reconciliations(stage).await?;
    let spec = json!({ "podSelector": { "matchLabels": labels }, "ingress": [{}] });
    let policy = serde_json::from_value(json!({ "metadata": { "name": name }, "spec": spec }))?;
    let policies = Api::<NetworkPolicy>::namespaced(stage.admin().clone(), NAMESPACE);
    policies.create(&PostParams::default(), &policy).await?;
    quiet::wait(stage.operator()?).await?;
    Ok(reconciliations(stage).await? - before)
}
