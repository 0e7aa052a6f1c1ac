//! Sets up new Linux namespaces so that a node can run in them without changing the host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::command::run as run_command;
use super::identity::{ADDRESS, STATE};
use super::run;
use super::world::{self, INTERFACE, ip};

/// What the kubelet and Cilium set for the whole machine, below `/proc/sys`: these settings belong to no namespace.
pub(super) const KERNEL_SETTINGS: [&str; 8] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "kernel/timer_migration",
    "kernel/unprivileged_bpf_disabled",
];

/// Folders that the programs write to and no setting moves: an overlay shows the host's files and takes the writes in memory.
const FOLDERS: [&str; 1] = ["/var"];

pub(super) async fn prepare() -> Result<()> {
    let run = run::name()?;
    mounts(&run).await?;
    kernel_settings().await?;
    network().await
}

async fn mounts(run: &str) -> Result<()> {
    // The kubelet reads the size as that of the disk; the tmpfs uses only as much memory as is written.
    run_command("mount", &["-t", "tmpfs", "-o", "mode=755,size=16g", run, "/run"]).await?;
    for folder in FOLDERS {
        let at = format!("{STATE}/written{folder}");
        for part in ["upper", "work"] {
            fs::create_dir_all(Path::new(&at).join(part))?;
        }
        let layers = format!("lowerdir={folder},upperdir={at}/upper,workdir={at}/work");
        run_command("mount", &["-t", "overlay", "-o", &layers, run, folder]).await?;
    }
    Ok(())
}

/// Bind-mounts ordinary files over the settings, so that no write reaches the host.
async fn kernel_settings() -> Result<()> {
    // A kernel without a feature lacks its settings.
    for setting in KERNEL_SETTINGS.into_iter().filter(|setting| Path::new("/proc/sys").join(setting).exists()) {
        let (real, own) = (format!("/proc/sys/{setting}"), format!("{STATE}/kernel/{setting}"));
        let folder = Path::new(&own).parent().context("a file is in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&own, fs::read(&real).with_context(|| format!("cannot read {real}"))?)?;
        run_command("mount", &["--bind", &own, &real]).await?;
    }
    Ok(())
}

async fn network() -> Result<()> {
    ip("link set lo up").await?;
    world::prepare().await?;
    // Packets to a Service need a route before kube-proxy's rules translate their address. It doesn't lead outside, so that a
    // packet which no rule has translated fails at once.
    ip(&format!("route add 10.0.0.0/16 dev {INTERFACE} src {ADDRESS}")).await?;
    fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("cannot enable IP forwarding for the pods")
}
