//! The supervisor process: it owns the programs of one control plane and outlives none of them.
//!
//! A test can end in ways that leave it no time to clean up (a panic that aborts, SIGKILL), so the
//! programs belong to a process of their own. It ends everything when its standard input ends, which
//! happens whenever the test is gone, for whatever reason.

use std::convert::Infallible;
use std::future::pending;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::GetParams;
use serde_json::json;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::audit::IN_FULL;
use crate::kubeconfig::{self, Credentials};
use crate::node::identity;
use crate::pki::Pki;
use crate::process::{Process, ready};
use crate::programs::{self, Ports};

/// What the supervisor prints when the control plane is usable.
pub(crate) const READY: &str = "ready";

/// Which programs a control plane has, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// etcd, the API server and the controller manager.
    All,
    /// The same, with an API server that pods can reach.
    ForNode,
    /// No controller manager: nothing writes but who is measured.
    Storage,
}

impl Parts {
    /// Where the API server listens.
    fn address(self) -> IpAddr {
        if self == Self::ForNode { identity::ADDRESS.into() } else { Ipv4Addr::LOCALHOST.into() }
    }
}

/// Runs a control plane in `dir` until standard input or a signal ends it; then removes `dir`.
///
/// # Errors
/// When the control plane cannot be started; the message has the end of the log that tells why.
pub async fn supervise(dir: &Path, with: Parts) -> Result<()> {
    let mut processes = Vec::new();
    let end = told_to_end()?;
    let outcome = select! {
        failed = serve(dir, with, &mut processes) => failed.map(|never| match never {}),
        () = end => Ok(()),
    };
    for process in processes.into_iter().rev() {
        process.stop().await;
    }
    remove(dir)?;
    outcome
}

async fn serve(dir: &Path, with: Parts, processes: &mut Vec<Process>) -> Result<Infallible> {
    if let Err(error) = start(dir, with, processes).await {
        // Another program took a port between our choice and its use: once is bad luck.
        if !format!("{error:#}").contains("address already in use") {
            return Err(error);
        }
        for process in processes.drain(..).rev() {
            process.stop().await;
        }
        remove(dir)?;
        start(dir, with, processes).await?;
    }
    writeln!(std::io::stdout(), "{READY}")?;
    pending().await
}

async fn start(dir: &Path, with: Parts, processes: &mut Vec<Process>) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let ports = Ports::choose(with.address())?;
    let pki = Pki::create(dir)?;
    let url = ports.api_server_url();
    let kubeconfig_of = |name: &str| {
        let file = dir.join(format!("{name}.kubeconfig"));
        let credentials = Credentials::Certificate(pki.identity(name));
        kubeconfig::write(&file, &url, &pki, &credentials).map(|()| file)
    };
    let admin = kubeconfig::client(&kubeconfig_of("admin")?).await?;
    write_audit_policy(dir)?;

    let etcd = programs::etcd(dir, &ports)?;
    let api_server = programs::api_server(dir, &ports, &pki)?;
    let manager = programs::controller_manager(&kubeconfig_of("controller-manager")?, &pki)?;
    processes.push(Process::start(&etcd, dir)?);
    processes.push(Process::start(&api_server, dir)?);
    ready(processes, "the API server is ready", async || {
        let request = kube::core::Request::new("").get("readyz", &GetParams::default());
        admin.request_text(request.ok()?).await.ok().map(drop)
    })
    .await?;
    if with == Parts::Storage {
        return Ok(());
    }
    // It gives up soon when there is no API server, so it starts after that.
    processes.push(Process::start(&manager, dir)?);
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), "default");
    ready(processes, "the controller manager works", async || accounts.get("default").await.ok().map(drop)).await
}

/// Requests are logged once, with the bodies in one namespace only: when they are done, but watches, which last, when they begin. What the admin
/// (the tests themselves) and the controller manager read is left out: it is most of the traffic, and says nothing of the
/// operator.
fn write_audit_policy(dir: &Path) -> Result<()> {
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {
                "level": "None",
                "userGroups": ["system:masters", "system:serviceaccounts:kube-system"],
                "verbs": ["get", "list", "watch"],
            },
            { "level": "Request", "namespaces": [IN_FULL], "omitStages": ["ResponseStarted"] },
            { "level": "Metadata", "verbs": ["watch"], "omitStages": ["ResponseComplete"] },
            { "level": "Metadata", "omitStages": ["ResponseStarted"] },
        ],
    });
    let file = dir.join("audit-policy.json");
    std::fs::write(file, policy.to_string()).context("cannot write the audit policy")
}

/// Completes when the parent is gone or somebody asks by a signal.
fn told_to_end() -> Result<impl Future<Output = ()>> {
    let (parent_gone, mut gone) = oneshot::channel();
    // A thread of its own: a read that tokio has started would keep the process from ending.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = parent_gone.send(());
    });
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        select! {
            _ = &mut gone => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

fn remove(dir: &Path) -> Result<()> {
    std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))
}
