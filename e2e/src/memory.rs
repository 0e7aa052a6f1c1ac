//! The memory of a process: a limit for it, as a container has, and what it uses.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A control group whose processes may together use no more than its limit: beyond that the kernel kills one. Needs root. Dropping it
/// removes the group, if no process is in it.
pub struct Limit {
    group: PathBuf,
}

impl Limit {
    /// A new control group with a limit in bytes.
    ///
    /// # Errors
    /// When this isn't Linux, not root, or has no memory controller.
    pub fn of(bytes: u64) -> Result<Self> {
        let name = format!("hardened-app-memory-{}", std::process::id());
        let root = Path::new("/sys/fs/cgroup");
        // Version 1 has one hierarchy for each resource, version 2 has one for all.
        let (root, file) = if root.join("memory").is_dir() {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            write(&root.join("cgroup.subtree_control"), "+memory")?;
            (root.to_owned(), "memory.max")
        };
        let group = root.join(name);
        fs::create_dir(&group).with_context(|| format!("cannot create {}", group.display()))?;
        let limit = Self { group };
        write(&limit.group.join(file), &bytes.to_string())?;
        Ok(limit)
    }

    /// Writes a script to `file` that becomes `program` within the group.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn script(&self, program: &Path, file: &Path) -> Result<()> {
        let (procs, program) = (self.group.join("cgroup.procs"), program.display());
        write(file, &format!("#!/bin/sh\necho $$ >{}\nexec {program} \"$@\"\n", procs.display()))?;
        Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
    }
}

/// Resident memory of a process in MiB: now, and at its peak.
///
/// # Errors
/// When there is no such process.
pub fn of(process: u32) -> Result<(f64, f64)> {
    let file = format!("/proc/{process}/status");
    let status = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let mebibytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        number.map(|kibibytes| kibibytes / 1024.0).with_context(|| format!("no {name} of process {process}"))
    };
    Ok((mebibytes("VmRSS:")?, mebibytes("VmHWM:")?))
}

/// Lets the peak begin anew.
///
/// # Errors
/// When there is no such process, or it belongs to another user.
pub fn reset_peak(process: u32) -> Result<()> {
    write(Path::new(&format!("/proc/{process}/clear_refs")), "5")
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
