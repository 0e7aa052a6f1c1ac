//! Cilium: it connects the pods and enforces NetworkPolicies. Its agent and operator run as programs of the node, not as pods.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::command::run;
use super::identity::{NAME, STATE};
use crate::control_plane::ControlPlane;
use crate::programs::{self, Program};

/// Names the folder of the programs that `make node` builds.
const ASSETS_ENV: &str = "CILIUM_ASSETS";

/// The user of both programs.
const USER: &str = "cilium";

/// The namespace of Cilium's leases.
const NAMESPACE: &str = "kube-system";

/// Files, by their path below [`STATE`].
const FILES: [(&str, &str); 3] = [
    ("cilium/agent.yaml", include_str!("../../node/cilium/agent.yaml")),
    ("cilium/operator.yaml", include_str!("../../node/cilium/operator.yaml")),
    ("cilium/tools/clang", include_str!("../../node/cilium/clang")),
];

/// The configuration of the network plugin.
const NETWORK: &str = include_str!("../../node/cilium/network.conflist");

/// The address of the agent's health check: the default of `agent-health-port`.
const HEALTH: &str = "127.0.0.1:9879";

/// Writes the configuration, copies the sources of the BPF programs, to which the agent adds, and links the programs to the folder
/// that containerd's configuration names.
pub(super) async fn configure() -> Result<()> {
    for (place, text) in FILES {
        let file = Path::new(STATE).join(place);
        fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    fs::set_permissions(tools().join("clang"), Permissions::from_mode(0o755))?;
    let programs = find("cilium-cni")?.parent().map(Path::to_owned).context("a program is in a folder")?;
    let sources = programs.join("bpf");
    run("cp", &["-r", &sources.to_string_lossy(), &format!("{STATE}/cilium/bpf")]).await?;
    Ok(symlink(programs, Path::new(STATE).join("cilium/programs"))?)
}

/// The agent, which has to find its compiler by name.
pub(super) fn agent(control_plane: &ControlPlane) -> Result<Program> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [tools()].into_iter().chain(env::split_paths(&path));
    let mut agent = program("cilium-agent", "agent.yaml", control_plane)?;
    agent.environment.push(("PATH", env::join_paths(folders)?.into()));
    agent.environment.push(("K8S_NODE_NAME", NAME.into()));
    Ok(agent)
}

/// The operator. The agent waits for the custom resources that it registers.
pub(super) fn operator(control_plane: &ControlPlane) -> Result<Program> {
    program("cilium-operator", "operator.yaml", control_plane)
}

/// Whether the agent is ready for pods.
pub(super) async fn is_healthy() -> Option<()> {
    let mut stream = TcpStream::connect(HEALTH).await.ok()?;
    // "brief" leaves out what other nodes and controllers report.
    let request = b"GET /healthz HTTP/1.1\r\nHost: cilium\r\nbrief: true\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.ok()?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status).await.ok()?;
    status.contains(" 200 ").then_some(())
}

/// Makes containerd use the network plugin. It is written in place because containerd misses files that are moved into its folder.
pub(super) fn connect_pods() -> Result<()> {
    Ok(fs::write(Path::new(STATE).join("network/cilium.conflist"), NETWORK)?)
}

fn program(name: &'static str, configuration: &str, control_plane: &ControlPlane) -> Result<Program> {
    let arguments = vec![
        format!("--config={STATE}/cilium/{configuration}"),
        format!("--k8s-kubeconfig-path={}", control_plane.program_kubeconfig(USER)?.display()),
    ];
    let environment = vec![("CILIUM_K8S_NAMESPACE", NAMESPACE.into())];
    Ok(Program { name, path: find(name)?, arguments, environment })
}

/// The folder of the programs that the agent runs.
fn tools() -> PathBuf {
    Path::new(STATE).join("cilium/tools")
}

fn find(name: &str) -> Result<PathBuf> {
    programs::find_in(ASSETS_ENV, "node", name)
}
