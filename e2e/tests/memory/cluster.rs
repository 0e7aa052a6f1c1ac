//! A control plane with nothing but storage, and the operator in a control group with the chart's memory limit.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::memory::{self, Limit};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Parts};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::json;

/// The folder with the released program.
const STATIC_PROGRAMS: &str = "STATIC_PROGRAMS";

pub(crate) struct Cluster {
    pub(crate) client: Client,
    control_plane: ControlPlane,
    operator: Option<Operator>,
    script: PathBuf,
    rows: Vec<String>,
    // Last: the group can only be removed once its process is gone.
    _limit: Limit,
}

impl Cluster {
    pub(crate) async fn start() -> Result<Self> {
        let control_plane = ControlPlane::start_with(Parts::Storage).await?;
        operator::install(&control_plane).await?;
        let client = control_plane.admin_client().await?;
        let limit = Limit::of(chart_limit()?)?;
        let programs = std::env::var_os(STATIC_PROGRAMS).context("STATIC_PROGRAMS is not set: run `make memory`")?;
        let script = control_plane.dir().join("limited");
        limit.script(&PathBuf::from(programs).join(operator::NAME), &script)?;
        let rows = vec!["| What happens | Peak, MiB | Slowest heal elsewhere |\n|---|---|---|".to_owned()];
        let mut cluster = Self { client, control_plane, operator: None, script, rows, _limit: limit };
        cluster.restart().await?;
        Ok(cluster)
    }

    pub(crate) async fn namespace(&self, name: &str) -> Result<()> {
        let namespace: Namespace = serde_json::from_value(json!({ "metadata": { "name": name } }))?;
        Api::<Namespace>::all(self.client.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(())
    }

    /// Starts the operator, or stops it and starts it again.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.operator = Some(Operator::start_program(&self.control_plane, self.script.clone()).await?);
        Ok(())
    }

    pub(crate) async fn stop(&mut self) -> Result<()> {
        match self.operator.take() {
            Some(operator) => operator.stop().await.map(drop),
            None => Ok(()),
        }
    }

    pub(crate) fn reset_peak(&self) -> Result<()> {
        memory::reset_peak(self.process()?)
    }

    fn process(&self) -> Result<u32> {
        self.control_plane.process(operator::NAME)
    }

    /// Adds a row to the table. Fails where the operator isn't alive.
    pub(crate) fn row(&mut self, what: &str, slowest: Duration) -> Result<()> {
        let (_, peak) = memory::of(self.process()?).with_context(|| format!("the operator was killed: {what}"))?;
        let slowest = if slowest.is_zero() { String::new() } else { format!("{} ms", slowest.as_millis()) };
        let row = format!("| {what} | {peak:.1} | {slowest} |");
        println!("{row}");
        self.rows.push(row);
        Ok(())
    }

    /// Prints the table.
    pub(crate) async fn finish(mut self) -> Result<()> {
        println!("{}", self.rows.join("\n"));
        self.stop().await
    }
}

/// The memory limit of the chart, in bytes.
fn chart_limit() -> Result<u64> {
    let values: serde_json::Value = serde_saphyr::from_str(include_str!("../../../charts/hardened-app/values.yaml"))?;
    let memory = values.pointer("/resources/memory").and_then(|memory| memory.as_str()).context("no memory limit")?;
    let mebibytes: u64 = memory.strip_suffix("Mi").context("a memory limit that isn't in Mi")?.parse()?;
    Ok(mebibytes * 1024 * 1024)
}
