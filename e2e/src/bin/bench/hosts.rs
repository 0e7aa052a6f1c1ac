//! What hosts cost: apps without any, then as many with as many as an app may have.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use hardened_app::api::HardeningPolicy;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::fleet::Fleet;
use crate::quiet;
use crate::stage::{Contender, Stage};
use crate::usage::{self, Memory};

/// Apps of each of the two fleets.
pub(crate) const APPS: usize = 125;

/// Hosts of each app of the second fleet.
const EACH: usize = 8;

/// Hosts of all apps.
pub(crate) const HOSTS: usize = APPS * EACH;

/// What a fleet has cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Until the operator was idle.
    pub(crate) wall: Duration,
    /// The operator's processor time.
    pub(crate) cpu: Duration,
    pub(crate) writes: usize,
    pub(crate) reads: usize,
    pub(crate) memory: Memory,
}

/// The costs of both fleets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hosts {
    pub(crate) without: Cost,
    pub(crate) with: Cost,
}

pub(crate) async fn measure(program: &Path) -> Result<Hosts> {
    let mut stage = Stage::set(Contender::Operator, program).await?;
    let policy: HardeningPolicy = serde_json::from_value(json!({
        "apiVersion": "hardened.dev/v1alpha1", "kind": "HardeningPolicy", "metadata": { "name": "default" },
        "spec": { "exposure": {
            "allowedHosts": ["*.example.com"],
            "ingress": { "className": "edge" },
            "enforces": { "minTLSVersion": "1.2", "redirect": true, "headers": true },
            "controllers": [{ "namespace": "edge", "podLabels": { "app": "envoy" } }],
        } },
    }))?;
    Api::<HardeningPolicy>::all(stage.admin().clone()).create(&PostParams::default(), &policy).await?;
    quiet::wait(stage.operator()?).await?;
    let without = cost(&stage, &Fleet::within("without-hosts", APPS)?).await?;
    let with = cost(&stage, &Fleet::within("with-hosts", APPS)?.exposed(EACH)?).await?;
    stage.stop_operator().await?;
    Ok(Hosts { without, with })
}

async fn cost(stage: &Stage, fleet: &Fleet) -> Result<Cost> {
    fleet.prepare(stage.admin()).await?;
    let operator = stage.operator()?;
    let (before, used, began) = (stage.requests()?.len(), usage::cpu(operator)?, Instant::now());
    stage.fill(Contender::Operator, fleet).await?;
    let idle = quiet::wait(operator).await?;
    let requests = stage.requests()?.split_off(before);
    let reads = requests.iter().filter(|request| ["get", "list"].contains(&request.verb.as_str())).count();
    Ok(Cost {
        wall: idle.duration_since(began),
        cpu: usage::cpu(operator)?.saturating_sub(used),
        writes: requests.len() - reads,
        reads,
        memory: Memory::of(operator)?,
    })
}
