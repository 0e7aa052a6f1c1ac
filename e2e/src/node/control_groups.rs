//! The control groups of a run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::run::PREFIX;

/// The run's group in each hierarchy: one in version 2, one for each resource in version 1.
pub(super) fn groups(run: &str) -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let hierarchies = fields.filter_map(|fields| match fields.as_slice() {
        [_, folder, "cgroup" | "cgroup2", ..] => Some(Path::new(folder).join(run)),
        _ => None,
    });
    Ok(hierarchies.collect())
}

/// Removes the run's groups; it fails while there are processes in them.
pub(super) fn sweep(run: &str) -> Result<()> {
    Ok(groups(run)?.iter().try_for_each(|group| remove(group))?)
}

/// A run that was killed had no time to remove its groups. What is in use stays: it may be that of a container beside.
pub(super) fn sweep_the_dead() -> Result<()> {
    for hierarchy in groups("")? {
        for entry in fs::read_dir(hierarchy)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let process = name.strip_prefix(PREFIX);
            if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                let _ = sweep(&name);
            }
        }
    }
    Ok(())
}

/// A group is removed as an empty folder, though it lists files.
fn remove(group: &Path) -> std::io::Result<()> {
    if !group.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
