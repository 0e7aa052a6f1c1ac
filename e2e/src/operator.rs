//! Runs the operator with the `ServiceAccount` from its manifests.

mod install;
mod page;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::select;

use crate::control_plane::ControlPlane;
use crate::process::{self, Process};
use crate::programs::{self, Program};
use crate::wait::until;

pub(crate) use self::install::manifest;
pub use self::install::{install, install_manifest};

/// The name of the program, of its log and of its process.
pub const NAME: &str = "hardened-app";

/// The operator's user name in the audit log.
pub const USER: &str = "system:serviceaccount:hardened-system:hardened-app";

/// The image that the operator names as its own. No node pulls it.
pub const IMAGE: &str = "registry.example.com/hardened-app:1";

/// Namespace and name of the operator's `ServiceAccount`.
const ACCOUNT: (&str, &str) = ("hardened-system", "hardened-app");

/// The `ClusterRoles` of the operator.
pub const ROLES: [&str; 2] = ["hardened-app-read", "hardened-app-write"];

/// The `Role` of the operator for the lease, in its own namespace.
pub const ELECTION_ROLE: &str = "hardened-app-election";

/// The operator's log message when it leads, all caches have synced and reconciliation begins.
const LEADS: &str = "reconciling every app";

/// The operator's log message when another replica holds the lease.
const STANDS_BY: &str = "standing by";

/// Name and namespace of the lease that the leader holds.
pub const LEASE: (&str, &str) = ("hardened-app", "hardened-system");

const LIMIT: Duration = Duration::from_mins(1);

/// A command that runs the operator binary built together with this program.
///
/// # Errors
/// When it is not built.
pub fn program() -> Result<Command> {
    Ok(Command::new(programs::beside_this_one(NAME)?))
}

/// Sends a GET request to the HTTP server of the operator that [`Operator::start`] has started. Returns the status code and the body.
///
/// # Errors
/// When no operator runs on this control plane, or it does not respond.
pub async fn page(control_plane: &ControlPlane, path: &str) -> Result<(u16, String)> {
    page::of(&process::log(control_plane.dir(), NAME), path).await
}

/// A running operator process. Dropping it kills the process.
pub struct Operator {
    process: Process,
    log: PathBuf,
}

impl Operator {
    /// Starts the operator that was built together with this program, and waits until it leads and its caches have synced.
    ///
    /// # Errors
    /// When it is not built, or exits during startup; the message contains the end of its log.
    pub async fn start(control_plane: &ControlPlane) -> Result<Self> {
        Self::start_program(control_plane, programs::beside_this_one(NAME)?).await
    }

    /// Like [`Self::start`], for an operator binary at another path.
    ///
    /// # Errors
    /// When it exits during startup; the message contains the end of its log.
    pub async fn start_program(control_plane: &ControlPlane, path: PathBuf) -> Result<Self> {
        let mut operator = Self::spawn_program(control_plane, NAME, path).await?;
        operator.is_up().await?;
        Ok(operator)
    }

    /// Starts the operator without waiting for its caches.
    ///
    /// # Errors
    /// When it is not built.
    pub async fn spawn(control_plane: &ControlPlane) -> Result<Self> {
        Self::replica(control_plane, NAME).await
    }

    /// Starts the operator as a pod of this name would run it, beside others. Doesn't wait for its caches.
    ///
    /// # Errors
    /// When it is not built.
    pub async fn replica(control_plane: &ControlPlane, pod: &'static str) -> Result<Self> {
        Self::spawn_program(control_plane, pod, programs::beside_this_one(NAME)?).await
    }

    /// Like [`Self::spawn`], for an operator that finds the API server by this kubeconfig.
    ///
    /// # Errors
    /// When it is not built.
    pub fn spawn_with(control_plane: &ControlPlane, kubeconfig: PathBuf) -> Result<Self> {
        Self::spawn_at(control_plane, NAME, programs::beside_this_one(NAME)?, kubeconfig)
    }

    async fn spawn_program(control_plane: &ControlPlane, pod: &'static str, path: PathBuf) -> Result<Self> {
        Self::spawn_at(control_plane, pod, path, kubeconfig(control_plane).await?)
    }

    fn spawn_at(control_plane: &ControlPlane, pod: &'static str, path: PathBuf, kubeconfig: PathBuf) -> Result<Self> {
        let environment = [
            ("KUBECONFIG", kubeconfig),
            ("POD_NAMESPACE", LEASE.1.into()),
            ("HARDENED_APP_IMAGE", IMAGE.into()),
            ("POD_NAME", pod.into()),
        ];
        let program = Program {
            name: pod,
            path,
            arguments: vec!["controller".into(), "--listen".into(), "127.0.0.1:0".into()],
            environment: allocator().chain(environment).collect(),
        };
        let process = Process::start(&program, control_plane.dir())?;
        let log = process.log().to_owned();
        Ok(Self { process, log })
    }

    /// Waits until it leads and its caches have synced.
    ///
    /// # Errors
    /// When it exits before that; the message contains the end of its log.
    pub async fn is_up(&mut self) -> Result<()> {
        self.says(LEADS).await
    }

    /// Waits until it has found that another replica leads.
    ///
    /// # Errors
    /// When it exits before that; the message contains the end of its log.
    pub async fn stands_by(&mut self) -> Result<()> {
        self.says(STANDS_BY).await
    }

    async fn says(&mut self, words: &str) -> Result<()> {
        let (log, what) = (&self.log, format!("the operator logs {words:?}"));
        let said = until(&what, LIMIT, async || Ok(std::fs::read_to_string(log)?.contains(words).then_some(())));
        let outcome = select! {
            said = said => said,
            error = self.process.ended() => Err(error),
        };
        outcome.with_context(|| self.process.tail())
    }

    /// Whether it leads and its caches have synced.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn leads(&self) -> Result<bool> {
        Ok(std::fs::read_to_string(&self.log)?.contains(LEADS))
    }

    /// Like [`page()`], of this replica.
    ///
    /// # Errors
    /// When it does not respond.
    pub async fn page(&self, path: &str) -> Result<(u16, String)> {
        page::of(&self.log, path).await
    }

    /// Sends a signal, given by its name such as `STOP`.
    ///
    /// # Errors
    /// When it has exited.
    pub async fn signal(&self, signal: &str) -> Result<()> {
        self.process.signal(signal).await
    }

    /// Waits until it exits by itself, or by a signal.
    ///
    /// # Errors
    /// When it does not exit in time.
    pub async fn exits(&mut self) -> Result<ExitStatus> {
        self.process.exits().await
    }

    /// The log file: one JSON object per line. The next start truncates it.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Sends SIGTERM, as the kubelet does, and waits until the operator exits.
    ///
    /// # Errors
    /// When it does not exit in time; it is then killed.
    pub async fn stop(self) -> Result<ExitStatus> {
        self.process.terminate().await
    }

    /// Sends SIGKILL, and returns when the process is gone.
    pub async fn kill(self) {
        self.process.stop().await;
    }
}

/// Writes a kubeconfig for the operator's `ServiceAccount`.
///
/// # Errors
/// When the API server does not issue a token.
pub async fn kubeconfig(control_plane: &ControlPlane) -> Result<PathBuf> {
    control_plane.service_account_kubeconfig(ACCOUNT.0, ACCOUNT.1).await
}

/// The settings of the allocator that the chart gives the operator.
fn allocator() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let template = include_str!("../../charts/hardened-app/templates/deployment.yaml");
    let variables = template.lines().filter_map(|line| line.trim().strip_prefix("- {name: ")?.strip_suffix("\"}"));
    let variables = variables.filter_map(|variable| variable.split_once(", value: \""));
    variables.filter(|(name, _)| name.starts_with("MALLOC_")).map(|(name, value)| (name, value.into()))
}
