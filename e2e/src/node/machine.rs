//! Makes new namespaces a machine that a node can run on, and that takes nothing from the one it is on.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::identity::{ADDRESS, STATE};
use super::run;

/// The bridge between the pods, which the network plugins find by this name.
pub(super) const BRIDGE: &str = "pods0";

/// What a kubelet sets for the whole machine, below `/proc/sys`: no namespace holds these.
pub(super) const KERNEL_SETTINGS: [&str; 6] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
];

/// Where the programs write what no setting moves: they go on seeing what is there, and write into memory.
const FOLDERS: [&str; 1] = ["/var"];

pub(super) async fn prepare() -> Result<()> {
    let run = run::name()?;
    mounts(&run).await?;
    kernel_settings().await?;
    network().await
}

async fn mounts(run: &str) -> Result<()> {
    // The kubelet takes its size for the disk's; only what is written takes memory.
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

/// The kubelet finds files in the place of the settings, and may write them.
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
        // What is sent to a Service's address takes its way only after kube-proxy's rules have changed the address.
        &format!("route add 10.0.0.0/16 dev {BRIDGE} src {ADDRESS}"),
        // Each pod needs a pair: here it's known at once whether the kernel has them.
        "link add pair0 type veth peer name pair1",
        "link delete pair0",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        run_command("ip", &arguments).await.context("a node needs a kernel with bridge and veth interfaces")?;
    }
    fs::write("/proc/sys/net/ipv4/ip_forward", "1").context("cannot make the node forward what pods send")
}

async fn run_command(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), complaint.trim_end());
    Ok(())
}
