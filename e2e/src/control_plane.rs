//! A control plane as tests use it: its files, clients and command-line tools.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;

use crate::kubeconfig::{self, Credentials};
use crate::parts::Parts;
use crate::pki::Pki;
use crate::process;
use crate::programs;
use crate::repository;
use crate::supervisor::Supervisor;

/// The environment variable with the folder of the control plane that all tests of one run share.
pub const CONTROL_PLANE_ENV: &str = "HARDENED_APP_CONTROL_PLANE";

/// Longer than any test or demo runs.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;

/// A running control plane. Dropping it stops the control plane if this value started it.
pub struct ControlPlane {
    dir: PathBuf,
    admin_kubeconfig: PathBuf,
    /// None for a shared control plane, which another process owns.
    _supervisor: Option<Supervisor>,
}

impl ControlPlane {
    /// Starts a dedicated control plane. This takes some seconds; most tests use [`Self::shared`].
    ///
    /// # Errors
    /// When a program is missing or exits during startup; the message contains the end of its log.
    pub async fn start() -> Result<Self> {
        Self::start_with(Parts::All).await
    }

    /// Like [`Self::start`], with a selection of programs.
    ///
    /// # Errors
    /// When a program is missing or exits during startup; the message contains the end of its log.
    pub async fn start_with(parts: Parts) -> Result<Self> {
        let supervisor = Supervisor::start(parts).await?;
        Ok(Self::at(supervisor.dir().to_owned(), Some(supervisor)))
    }

    /// Attaches to the control plane that `control-plane exec` started for this run.
    ///
    /// # Errors
    /// When there is none: a test without a control plane fails, it is not skipped.
    pub fn shared() -> Result<Self> {
        let dir = std::env::var_os(CONTROL_PLANE_ENV).with_context(|| {
            format!("{CONTROL_PLANE_ENV} is not set: these tests need a control plane, run them with `make test`")
        })?;
        Ok(Self::at(dir.into(), None))
    }

    /// Another value for the same control plane, which still ends with this one.
    #[must_use]
    pub fn attached(&self) -> Self {
        Self::at(self.dir.clone(), None)
    }

    fn at(dir: PathBuf, supervisor: Option<Supervisor>) -> Self {
        Self { admin_kubeconfig: dir.join("admin.kubeconfig"), dir, _supervisor: supervisor }
    }

    /// The folder with logs, keys and kubeconfigs.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The kubeconfig of a user in the group `system:masters`.
    #[must_use]
    pub fn admin_kubeconfig(&self) -> &Path {
        &self.admin_kubeconfig
    }

    /// The audit log; [`crate::audit`] parses it.
    #[must_use]
    pub fn audit_log(&self) -> PathBuf {
        programs::audit_log(&self.dir)
    }

    /// The process id of a program of this control plane: `etcd`, `kube-apiserver`, `kube-controller-manager` or
    /// `hardened-app`.
    ///
    /// # Errors
    /// When no such program was started.
    pub fn process(&self, name: &str) -> Result<u32> {
        process::id(&self.dir, name)
    }

    /// A client with cluster-admin rights.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub async fn admin_client(&self) -> Result<kube::Client> {
        kubeconfig::client(&self.admin_kubeconfig).await
    }

    /// Writes a kubeconfig with a token of an existing `ServiceAccount`.
    ///
    /// # Errors
    /// When the API server does not issue the token.
    pub async fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.admin_client().await?, namespace);
        let spec = TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..Default::default() };
        let request = TokenRequest { spec: Some(spec), ..Default::default() };
        let answer = accounts.create_token_request(name, &PostParams::default(), &request).await?;
        let token = answer.status.and_then(|status| status.token);
        let token = token.context("the API server issued no token")?;
        self.write_kubeconfig(&format!("{namespace}.{name}"), &Credentials::Token(token))
    }

    /// Writes a kubeconfig for a Kubernetes component such as the kubelet.
    pub(crate) fn program_kubeconfig(&self, name: &str) -> Result<PathBuf> {
        self.write_kubeconfig(name, &Credentials::Certificate(Pki::at(&self.dir).identity(name)))
    }

    fn write_kubeconfig(&self, user: &str, credentials: &Credentials) -> Result<PathBuf> {
        let file = self.dir.join(format!("{user}.kubeconfig"));
        let url = kubeconfig::server(&self.admin_kubeconfig)?;
        kubeconfig::write(&file, &url, &Pki::at(&self.dir), credentials)?;
        Ok(file)
    }

    /// The environment variables for a program (operator, tests) that connects to this control plane.
    #[must_use]
    pub fn env<'a>(&'a self, kubeconfig: &'a Path) -> [(&'static str, &'a OsStr); 2] {
        [(CONTROL_PLANE_ENV, self.dir.as_os_str()), ("KUBECONFIG", kubeconfig.as_os_str())]
    }

    /// `kubectl` with the admin kubeconfig.
    ///
    /// # Errors
    /// When kubectl is missing.
    pub fn kubectl(&self) -> Result<Command> {
        let mut command = Command::new(programs::find("kubectl")?);
        // Discovery results are cached per control plane: the next one may serve other kinds.
        command.envs(self.env(&self.admin_kubeconfig)).env("KUBECACHEDIR", self.dir.join("kubectl"));
        Ok(command)
    }

    /// `helm` with the admin kubeconfig, run at the root of the repository. Its caches are in the control plane's folder.
    ///
    /// # Errors
    /// When the environment does not name the program.
    pub fn helm(&self) -> Result<Command> {
        let mut command = Command::new(programs::helm()?);
        command.current_dir(repository::root()).envs(self.env(&self.admin_kubeconfig));
        for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(home, self.dir.join("helm"));
        }
        Ok(command)
    }
}
