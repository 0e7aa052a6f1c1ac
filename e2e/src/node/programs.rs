//! The programs of a node, their flags and their configuration.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::identity::{ADDRESS, NAME, STATE};
use super::run;
use crate::control_plane::ControlPlane;
use crate::programs::{self, Program};

/// Names the folder of the programs that `make node` builds.
const ASSETS_ENV: &str = "NODE_ASSETS";

/// Configuration files, by their path below [`STATE`].
const FILES: [(&str, &str); 4] = [
    ("containerd.toml", include_str!("../../node/containerd.toml")),
    ("kubelet.yaml", include_str!("../../node/kubelet.yaml")),
    ("kube-proxy.yaml", include_str!("../../node/kube-proxy.yaml")),
    // `_default` applies to all registries.
    ("registries/_default/hosts.toml", include_str!("../../node/registry.toml")),
];

/// Writes all configuration, and links the programs to the folder that it names.
pub(super) fn configure() -> Result<()> {
    for (place, text) in FILES {
        let file = Path::new(STATE).join(place);
        fs::create_dir_all(file.parent().context("a file is in a folder")?)?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    // Cilium's plugin is added when it works.
    fs::create_dir_all(Path::new(STATE).join("network"))?;
    let folder = find("loopback")?.parent().map(Path::to_owned).context("a program is in a folder")?;
    symlink(folder, Path::new(STATE).join("programs"))?;
    Ok(())
}

pub(super) fn containerd() -> Result<Program> {
    program("containerd", vec![format!("--config={STATE}/containerd.toml")])
}

/// A program that connects to the API server.
pub(super) fn of_kubernetes(name: &'static str, control_plane: &ControlPlane) -> Result<Program> {
    let kubeconfig = control_plane.program_kubeconfig(name)?;
    let kubeconfig = kubeconfig.display();
    let arguments = match name {
        "kubelet" => vec![
            format!("--kubeconfig={kubeconfig}"),
            format!("--config={STATE}/kubelet.yaml"),
            format!("--root-dir={STATE}/kubelet"),
            format!("--cert-dir={STATE}/kubelet/pki"),
            format!("--cgroup-root=/{}", run::name()?),
            format!("--hostname-override={NAME}"),
            format!("--node-ip={ADDRESS}"),
        ],
        "kube-proxy" => vec![format!("--config={}", proxy_configuration(&kubeconfig.to_string())?.display())],
        _ => vec![format!("--kubeconfig={kubeconfig}"), "--leader-elect=false".into(), "--secure-port=0".into()],
    };
    program(name, arguments)
}

/// kube-proxy ignores flags if it has a configuration file, so the path of the kubeconfig is appended to the file.
fn proxy_configuration(kubeconfig: &str) -> Result<PathBuf> {
    let file = Path::new(STATE).join("kube-proxy.yaml");
    let text = fs::read_to_string(&file)?;
    fs::write(&file, format!("{text}clientConnection: {{kubeconfig: {kubeconfig}}}\nhostnameOverride: {NAME}\n"))?;
    Ok(file)
}

fn find(name: &str) -> Result<PathBuf> {
    programs::find_in(ASSETS_ENV, "node", name)
}

fn program(name: &'static str, arguments: Vec<String>) -> Result<Program> {
    Ok(Program { name, path: find(name)?, arguments, environment: Vec::new() })
}
