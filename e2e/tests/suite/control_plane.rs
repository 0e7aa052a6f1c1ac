//! The control plane of the tests: its clients work, and it leaves no processes and files behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{ControlPlane, Namespace, audit, until};
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::Api;
use kube::api::{ListParams, ObjectMeta, PostParams};

/// The processes whose command line contains `dir`, which are those of one control plane, by process id.
fn processes_of(dir: &Path) -> Result<BTreeMap<String, String>> {
    let dir = dir.to_str().context("a folder name that isn't text")?;
    let mut found = BTreeMap::new();
    for process in std::fs::read_dir("/proc")? {
        let process = process?;
        // The process may have ended meanwhile.
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains(dir) {
            found.insert(process.file_name().to_string_lossy().into_owned(), command);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn a_service_account_acts_under_its_own_name() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    let namespace = Namespace::create(&control_plane.admin_client().await?, "account").await?;
    let metadata = ObjectMeta { name: Some("operator".into()), ..Default::default() };
    let account = ServiceAccount { metadata, ..Default::default() };
    namespace.api().create(&PostParams::default(), &account).await?;

    let kubeconfig = control_plane.service_account_kubeconfig(namespace.name(), "operator").await?;
    let client = e2e::client(&kubeconfig).await?;
    let config_maps: Api<ConfigMap> = Api::namespaced(client, namespace.name());
    assert!(config_maps.list(&ListParams::default()).await.is_err(), "it has no rights yet");

    let user = format!("system:serviceaccount:{}:operator", namespace.name());
    let requests = audit::requests(&control_plane.audit_log(), namespace.name(), &user)?;
    assert_eq!(audit::summary(&requests), BTreeMap::from([("list configmaps".to_owned(), 1)]));
    assert_eq!(requests.iter().map(|request| request.code).collect::<Vec<_>>(), [403]);
    Ok(())
}

#[tokio::test]
async fn kubectl_acts_as_admin() -> Result<()> {
    let mut kubectl = ControlPlane::shared()?.kubectl()?;
    let output = kubectl.args(["auth", "can-i", "*", "*"]).output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "yes\n");
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_a_control_plane() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    let dir = control_plane.dir().to_owned();
    assert_eq!(processes_of(&dir)?.len(), 4, "the supervisor and its three programs");
    drop(control_plane);
    assert!(processes_of(&dir)?.is_empty());
    assert!(!dir.exists());
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_when_the_supervisor_was_killed() -> Result<()> {
    let control_plane = ControlPlane::start().await?;
    let dir = control_plane.dir().to_owned();
    let processes = processes_of(&dir)?;
    let supervisor = processes.iter().find(|(_, command)| command.contains(" supervise "));
    let (supervisor, _) = supervisor.context("no supervisor")?;
    assert!(Command::new("kill").args(["-s", "KILL", supervisor]).status()?.success());
    drop(control_plane);
    assert!(!dir.exists());
    // They are no children of this process, so it can't wait for them otherwise.
    until("its programs are gone", Duration::from_secs(10), async || Ok(processes_of(&dir)?.is_empty().then_some(())))
        .await
}
