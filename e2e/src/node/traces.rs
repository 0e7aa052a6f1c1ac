//! Lists what a node could leave behind on the host.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::control_groups::groups;
use super::machine::KERNEL_SETTINGS;
use super::run::RUN_ENV;
use super::world::INTERFACE;

/// Everything that a run has on the machine at one moment, as lines of text.
pub(crate) struct Traces(BTreeSet<String>);

impl Traces {
    pub(crate) fn find(run: &str) -> Result<Self> {
        let mut traces = BTreeSet::new();
        traces.extend(processes(run)?);
        traces.extend(lines_with("mount", &fs::read_to_string("/proc/self/mounts")?, run));
        traces.extend(interfaces()?);
        traces.extend(
            groups(run)?.iter().filter(|group| group.exists()).map(|group| format!("group {}", group.display())),
        );
        let rules = Command::new("iptables-save").output().context("cannot run iptables-save")?;
        let rules = String::from_utf8_lossy(&rules.stdout);
        for prefix in ["KUBE-", "CILIUM_"] {
            traces.extend(lines_with("rule", &rules, prefix));
        }
        for setting in KERNEL_SETTINGS {
            let file = format!("/proc/sys/{setting}");
            traces.insert(format!("{file}: {}", fs::read_to_string(&file).unwrap_or_default().trim_end()));
        }
        Ok(Self(traces))
    }

    pub(crate) fn lines(self) -> Vec<String> {
        self.0.into_iter().collect()
    }

    /// The lines that weren't there before.
    pub(crate) fn since(&self, before: &Self) -> Vec<String> {
        self.0.difference(&before.0).cloned().collect()
    }
}

/// All processes of the node inherit the name of the run in their environment.
fn processes(run: &str) -> Result<Vec<String>> {
    let marker = format!("{RUN_ENV}={run}");
    let mut found = Vec::new();
    for process in fs::read_dir("/proc")? {
        let folder = process?.path();
        // Not every folder is a process, and processes may end meanwhile.
        let Ok(environment) = fs::read(folder.join("environ")) else { continue };
        if environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes()) {
            let line = fs::read(folder.join("cmdline")).unwrap_or_default();
            found.push(format!("process {}: {}", folder.display(), String::from_utf8_lossy(&line).replace('\0', " ")));
        }
    }
    Ok(found)
}

/// The interfaces of the node and those that Cilium creates, for itself and for pods. Their counters are left out: they change.
fn interfaces() -> Result<Vec<String>> {
    let table = fs::read_to_string("/proc/net/dev")?;
    let names = table.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim());
    let ours = names.filter(|name| [INTERFACE, "cilium_", "lxc"].iter().any(|prefix| name.starts_with(prefix)));
    Ok(ours.map(|name| format!("interface {name}")).collect())
}

fn lines_with(what: &str, text: &str, word: &str) -> Vec<String> {
    text.lines().filter(|line| line.contains(word)).map(|line| format!("{what} {line}")).collect()
}
