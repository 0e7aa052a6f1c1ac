//! The supervisor process: it starts the programs of one control plane and stops them before it exits.
//!
//! A test process can end without a chance to clean up (an aborting panic, SIGKILL), so the programs are children of a
//! separate process. The supervisor stops them at the end of its standard input, which the kernel closes however the test
//! process ends.

use std::convert::Infallible;
use std::future::pending;
use std::io::Write;
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
use crate::parts::Parts;
use crate::pki::Pki;
use crate::process::{Process, ready};
use crate::programs::{self, Ports};

/// The supervisor prints this when the control plane is ready.
pub(crate) const READY: &str = "ready";

/// Runs a control plane in `dir` until the end of standard input or a signal; then removes `dir`.
///
/// # Errors
/// When the control plane cannot be started; the message contains the end of the log with the reason.
pub async fn supervise(dir: &Path, with: Parts) -> Result<()> {
    let mut processes = Vec::new();
    let end = end_requested()?;
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
        // Another program may have bound a port after it was chosen: retry once.
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
    let api_server = programs::api_server(dir, &ports, &pki, with)?;
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
    // The controller manager exits when it finds no API server, so it starts last.
    processes.push(Process::start(&manager, dir)?);
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), "default");
    ready(processes, "the controller manager works", async || accounts.get("default").await.ok().map(drop)).await
}

/// Each request is logged once: watches at their start, because they stay open, all others at their end. Bodies are logged
/// in one namespace only. Reads by the admin (the tests) and by the controller manager are not logged: they are most of the
/// traffic and irrelevant for the operator.
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

/// Completes when the parent process has ended or on a signal.
fn end_requested() -> Result<impl Future<Output = ()>> {
    let (parent_gone, mut gone) = oneshot::channel();
    // A separate thread: a pending blocking read of tokio would keep the process from exiting.
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
