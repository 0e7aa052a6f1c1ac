//! Installs the operator's manifests and runs the operator with the `ServiceAccount` from them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::select;

use crate::control_plane::ControlPlane;
use crate::process::{self, Process};
use crate::programs::{self, Program};
use crate::repository;
use crate::wait::until;

/// The name of the program, of its log and of its process.
pub const NAME: &str = "hardened-app";

/// The operator's user name in the audit log.
pub const USER: &str = "system:serviceaccount:hardened-system:hardened-app";

/// Namespace and name of the operator's `ServiceAccount`.
const ACCOUNT: (&str, &str) = ("hardened-system", "hardened-app");

/// The `ClusterRoles` of the operator.
pub const ROLES: [&str; 2] = ["hardened-app-read", "hardened-app-write"];

/// The manifest with the custom resource definitions, relative to the root of the repository.
const DEFINITIONS: &str = "deploy/crds.yaml";

/// The manifest with everything else: what is deleted to remove the operator.
const MANIFEST: &str = "deploy/install.yaml";

/// The operator's log message when its HTTP server listens; the entry has the address.
const LISTENING: &str = "listening";

/// The operator's log message when all caches have synced and reconciliation begins.
const UP: &str = "caches are full";

const LIMIT: Duration = Duration::from_mins(1);

/// A command that runs the operator binary built together with this program.
///
/// # Errors
/// When it is not built.
pub fn program() -> Result<Command> {
    Ok(Command::new(programs::beside_this_one(NAME)?))
}

/// Reads both manifests, as one.
pub(crate) fn manifest() -> Result<String> {
    let read = |name: &&str| {
        let file = repository::root().join(name);
        std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    [DEFINITIONS, MANIFEST].iter().map(read).collect()
}

/// Applies both manifests without the Deployment: there is no node, the tests run the program themselves.
/// Returns when the API server serves the custom resources.
///
/// # Errors
/// When the API server rejects a manifest.
pub async fn install(control_plane: &ControlPlane) -> Result<()> {
    install_manifest(control_plane, &manifest()?).await
}

/// Like [`install`], with the manifest of another version.
///
/// # Errors
/// When the API server rejects something.
pub async fn install_manifest(control_plane: &ControlPlane, manifest: &str) -> Result<()> {
    let client = control_plane.admin_client().await?;
    let manifests = serde_saphyr::from_multiple::<Value>(manifest)?;
    for manifest in manifests.iter().filter(|manifest| manifest.get("kind") != Some(&"Deployment".into())) {
        let applied = apply(&client, manifest).await;
        applied.context("cannot apply the manifests")?;
    }
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    until("the API server serves the custom resources", LIMIT, async || {
        let stored = definitions.list(&ListParams::default()).await?;
        for definition in stored.items.iter().filter(|definition| definition.spec.group == hardened_app::api::GROUP) {
            if !is_established(definition) || !is_served(&client, definition).await {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await
}

/// Sends a GET request to the operator's HTTP server. Returns the status code and the body.
///
/// # Errors
/// When no operator runs on this control plane, or it does not respond.
pub async fn page(control_plane: &ControlPlane, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address(control_plane)?).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: operator\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, text) = answer.split_once("\r\n\r\n").with_context(|| format!("not an HTTP response: {answer}"))?;
    let code = head.split(' ').nth(1).with_context(|| format!("an HTTP response without a status code: {head}"))?;
    Ok((code.parse()?, text.to_owned()))
}

/// The address of the operator's HTTP server. It is read from the log, which every test process can access.
fn address(control_plane: &ControlPlane) -> Result<SocketAddr> {
    let log = std::fs::read_to_string(process::log(control_plane.dir(), NAME))
        .context("the operator has not been started")?;
    for line in log.lines().filter(|line| line.contains(LISTENING)) {
        let line: Value = serde_json::from_str(line)?;
        if let Some(address) = line.get("address").and_then(Value::as_str) {
            return Ok(address.parse()?);
        }
    }
    bail!("the operator's log names no listening address")
}

/// A running operator process. Dropping it kills the process.
pub struct Operator {
    process: Process,
    log: PathBuf,
}

impl Operator {
    /// Starts the operator that was built together with this program, and waits until its caches have synced.
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
        let mut operator = Self::spawn_program(control_plane, path).await?;
        operator.is_up().await?;
        Ok(operator)
    }

    /// Starts the operator without waiting for its caches.
    ///
    /// # Errors
    /// When it is not built.
    pub async fn spawn(control_plane: &ControlPlane) -> Result<Self> {
        Self::spawn_program(control_plane, programs::beside_this_one(NAME)?).await
    }

    async fn spawn_program(control_plane: &ControlPlane, path: PathBuf) -> Result<Self> {
        let program = Program {
            name: NAME,
            path,
            arguments: vec!["controller".into(), "--listen".into(), "127.0.0.1:0".into()],
            environment: vec![("KUBECONFIG", kubeconfig(control_plane).await?)],
        };
        let process = Process::start(&program, control_plane.dir())?;
        let log = process.log().to_owned();
        Ok(Self { process, log })
    }

    /// Waits until its caches have synced.
    ///
    /// # Errors
    /// When it exits before that; the message contains the end of its log.
    pub async fn is_up(&mut self) -> Result<()> {
        let log = &self.log;
        let up =
            until("the operator is up", LIMIT, async || Ok(std::fs::read_to_string(log)?.contains(UP).then_some(())));
        let outcome = select! {
            up = up => up,
            error = self.process.ended() => Err(error),
        };
        outcome.with_context(|| self.process.tail())
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
}

/// Writes a kubeconfig for the operator's `ServiceAccount`.
///
/// # Errors
/// When the API server does not issue a token.
pub async fn kubeconfig(control_plane: &ControlPlane) -> Result<PathBuf> {
    control_plane.service_account_kubeconfig(ACCOUNT.0, ACCOUNT.1).await
}

async fn apply(client: &Client, manifest: &Value) -> Result<()> {
    let types: TypeMeta = serde_json::from_value(manifest.clone())?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
    let text = |pointer| manifest.pointer(pointer).and_then(Value::as_str);
    let api: Api<DynamicObject> = match text("/metadata/namespace") {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = text("/metadata/name").context("a manifest without a name")?;
    api.patch(name, &PatchParams::apply("install").force(), &Patch::Apply(manifest)).await?;
    Ok(())
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    let conditions = definition.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True")
}

/// A definition can be Established shortly before the API server routes requests to it.
async fn is_served(client: &Client, definition: &CustomResourceDefinition) -> bool {
    let Some(version) = definition.spec.versions.iter().find(|version| version.storage) else { return false };
    let kind = GroupVersionKind::gvk(&definition.spec.group, &version.name, &definition.spec.names.kind);
    let resource = ApiResource::from_gvk_with_plural(&kind, &definition.spec.names.plural);
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    api.list(&ListParams::default().limit(1)).await.is_ok()
}
