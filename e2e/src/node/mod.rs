//! A real node for a control plane: kubelet, containerd, runc, kube-proxy, a scheduler, Cilium, which enforces NetworkPolicies,
//! cluster DNS and storage. Images come from a local registry.
//!
//! It runs in its own Linux namespaces ([`Isolation`]) and keeps its files in a `/run` of these namespaces: so nothing is left
//! when its last process has ended.

mod apply;
mod cilium;
mod command;
pub mod contour;
mod control_groups;
pub(crate) mod identity;
mod image;
mod images;
mod isolation;
mod machine;
mod operator;
mod programs;
mod registry;
mod run;
mod storage;
mod traces;
pub mod packets;
pub mod world;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1;
use kube::Api;
use tokio::task::JoinHandle;

use crate::control_plane::ControlPlane;
use crate::process::{Process, ready};
use crate::programs::Program;

use identity::{NAME, STATE};

pub use identity::ADDRESS;
pub use image::digest;
pub use isolation::Isolation;
pub use operator::install;
pub use registry::REGISTRY;

/// Cluster DNS and the storage class.
const MANIFEST: &str = concat!(include_str!("../../node/dns.yaml"), "---\n", include_str!("../../node/storage.yaml"));

/// A running node. Dropping it kills its programs; its pods end with the namespaces.
pub struct Node {
    processes: Vec<Process>,
    servers: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts a node of a control plane at [`ADDRESS`] and waits until it is ready. [`prepare_machine`] must have set up the
    /// namespaces.
    ///
    /// # Errors
    /// When a program is missing or ends at start; the message has the end of its log.
    pub async fn start(control_plane: &ControlPlane) -> Result<Self> {
        image::write_all()?;
        let servers = vec![registry::start().await?, storage::start(control_plane.admin_client().await?)];
        let mut node = Self { processes: Vec::new(), servers };
        let outcome = node.start_programs(control_plane).await;
        outcome.context("the node didn't start")?;
        apply::apply(control_plane, MANIFEST.to_owned(), ("kube-system", "coredns"))
            .await
            .with_context(|| node.logs())?;
        Ok(node)
    }

    async fn start_programs(&mut self, control_plane: &ControlPlane) -> Result<()> {
        programs::configure()?;
        cilium::configure().await?;
        self.start_program(&programs::containerd()?)?;
        for name in ["kube-scheduler", "kube-proxy"] {
            self.start_program(&programs::of_kubernetes(name, control_plane)?)?;
        }
        for program in world::listeners()? {
            self.start_program(&program)?;
        }
        ready(&mut self.processes, "containerd listens", async || {
            Path::new("/run/containerd/containerd.sock").exists().then_some(())
        })
        .await?;
        self.start_program(&programs::of_kubernetes("kubelet", control_plane)?)?;
        self.start_program(&cilium::operator(control_plane)?)?;
        self.start_program(&cilium::agent(control_plane)?)?;
        ready(&mut self.processes, "Cilium is healthy", async || cilium::is_healthy().await).await?;
        cilium::connect_pods()?;
        let nodes: Api<v1::Node> = Api::all(control_plane.admin_client().await?);
        ready(&mut self.processes, "the node is ready", async || is_ready(&nodes.get(NAME).await.ok()?).then_some(()))
            .await
    }

    fn start_program(&mut self, program: &Program) -> Result<()> {
        self.processes.push(Process::start(program, Path::new(STATE))?);
        Ok(())
    }

    /// The ends of all logs, to print before the node, and its logs with it, are gone.
    #[must_use]
    pub fn logs(&self) -> String {
        let tails: Vec<String> = self.processes.iter().map(Process::tail).collect();
        tails.join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

fn is_ready(node: &v1::Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// What this run currently has on the machine, as text: processes, mounts, control groups and so on.
///
/// # Errors
/// When the process isn't in an [`Isolation`].
pub fn traces() -> Result<Vec<String>> {
    Ok(traces::Traces::find(&run::name()?)?.lines())
}

/// Sets up the namespaces of this process for a node, see [`Isolation`].
///
/// # Errors
/// When the machine's kernel lacks something; the message says what.
pub async fn prepare_machine() -> Result<()> {
    // Outside of its own namespaces the mounts would be made on the host.
    ensure!(std::process::id() == 1, "a node runs only in its own namespaces: use `make e2e`");
    machine::prepare().await
}
