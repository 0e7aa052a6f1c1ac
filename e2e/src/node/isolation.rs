//! Runs a command and everything it starts in new Linux namespaces.

use std::ffi::OsString;
use std::time::Duration;
use std::{env, fs, process, thread};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::control_groups::{groups, remove_groups, remove_stale_groups};
use super::run::{PREFIX, RUN_ENV};
use super::traces::Traces;
use crate::wait::until;

/// The kernel kills the processes at once, but releases their resources asynchronously.
const LIMIT: Duration = Duration::from_secs(30);

/// Programs that the node's programs run, and those that create the namespaces.
const NEEDED: [&str; 9] = ["bpftool", "clang-19", "ip", "iptables", "mount", "nsenter", "runc", "setpriv", "unshare"];

/// The CPUs that the largest sample and the operator request together.
const CPUS: usize = 2;

/// Network, mount and process namespaces, which end with the first process in them. Control groups belong to no namespace;
/// they are created and removed here.
pub struct Isolation {
    run: String,
    before: Traces,
}

impl Isolation {
    /// Whether this process runs in the namespaces.
    #[must_use]
    pub fn is_entered() -> bool {
        env::var_os(RUN_ENV).is_some()
    }

    /// Checks that this machine can run a node.
    ///
    /// # Errors
    /// When something is missing; the message says what to do.
    pub fn prepare() -> Result<Self> {
        let is_root = fs::read_to_string("/proc/self/status")?.lines().any(|line| line.starts_with("Uid:\t0\t0\t"));
        ensure!(is_root, "a node needs root, for its namespaces, mounts and control groups: run `make e2e` as root");
        let path = env::var_os("PATH").unwrap_or_default();
        let is_missing = |name: &&str| !env::split_paths(&path).any(|folder| folder.join(name).is_file());
        let missing: Vec<&str> = NEEDED.into_iter().filter(is_missing).collect();
        ensure!(missing.is_empty(), "a node needs {}: e2e/node/packages installs it", missing.join(", "));
        let overlay = fs::read_to_string("/proc/filesystems")?.contains("overlay");
        ensure!(overlay, "a node needs a kernel with overlay file systems: `modprobe overlay`, or CONFIG_OVERLAY_FS");
        let cpus = thread::available_parallelism()?.get();
        ensure!(cpus >= CPUS, "the pods of the tests ask for {CPUS} CPUs, and this machine has {cpus}");

        let run = format!("{PREFIX}{}", process::id());
        remove_stale_groups()?;
        let before = Traces::find(&run)?;
        for group in groups(&run)? {
            fs::create_dir(&group).with_context(|| format!("cannot create the control group {}", group.display()))?;
        }
        Ok(Self { run, before })
    }

    /// A command that runs this program with these arguments in new namespaces. It is killed when this process ends.
    ///
    /// # Errors
    /// When the program can't be found.
    pub fn command(&self, arguments: impl Iterator<Item = OsString>) -> Result<Command> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc"]);
        command.args(["--kill-child", "--propagation", "private", "--"]).arg(env::current_exe()?).args(arguments);
        // Temporary files go to the tmpfs of the namespaces, so they needn't be removed.
        command.env(RUN_ENV, &self.run).env("TMPDIR", "/run");
        Ok(command)
    }

    /// Removes the control groups once the command has ended, and checks that nothing else is left.
    ///
    /// # Errors
    /// When anything is left behind; the message lists it.
    pub async fn end(self) -> Result<()> {
        let mut left = Vec::new();
        let gone = until("nothing of the node is left", LIMIT, async || {
            let removed = remove_groups(&self.run).is_ok();
            left = Traces::find(&self.run)?.since(&self.before);
            Ok((removed && left.is_empty()).then_some(()))
        });
        gone.await.with_context(|| format!("the node has left behind:\n{}", left.join("\n")))
    }
}
