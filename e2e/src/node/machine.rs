//! Sets up new Linux namespaces so that a node can run in them without changing the host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::identity::{ADDRESS, STATE};
use super::run;

/// The bridge between the pods; the configuration of the network plugins names it.
pub(super) const BRIDGE: &str = "pods0";

/// What a kubelet sets for the whole machine, below `/proc/sys`: these settings belong to no namespace.
pub(super) const KERNEL_SETTINGS: [&str; 6] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
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

/// Bind-mounts ordinary files over the settings, so that the kubelet's writes don't reach the host.
async fn kernel_settings() -> Result<()> {
    for setting in KERNEL_SETTINGS {
        let (real, own) = (format!("/proc/sys/{setting}"), format!("{STATE}/kernel/{setting}"));
        let folder = Path::new(&own).parent().context("a file is in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&own, fs::read(&real).with_context(|| format!("cannot read {real}"))?)?;
        run_command("mount", &["--bind", &own, &real]).await?;
    }
    Ok(())
}

async fn network() -> Result<()> {
    let address = format!("{ADDRESS}/32");
    for line in [
        "link set lo up",
        &format!("address add {address} dev lo"),
        &format!("link add {BRIDGE} type bridge"),
        &format!("link set {BRIDGE} up"),
        // Packets to a Service need a route before kube-proxy's rules translate their address.
        &format!("route add 10.0.0.0/16 dev {BRIDGE} src {ADDRESS}"),
        // Each pod needs a veth pair: this fails early if the kernel doesn't support them.
        "link add pair0 type veth peer name pair1",
        "link delete pair0",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        run_command("ip", &arguments).await.context("a node needs a kernel with bridge and veth interfaces")?;
    }
    fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("cannot enable IP forwarding for the pods")
}

async fn run_command(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), complaint.trim_end());
    Ok(())
}
