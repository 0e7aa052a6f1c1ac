//! The control groups of a run: namespaces don't contain them, so they are removed explicitly.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::run::PREFIX;

/// The run's group in each cgroup hierarchy: version 2 has one hierarchy, version 1 has one for each resource.
pub(super) fn groups(run: &str) -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let hierarchies = fields.filter_map(|fields| match fields.as_slice() {
        [_, folder, "cgroup" | "cgroup2", ..] => Some(Path::new(folder).join(run)),
        _ => None,
    });
    Ok(hierarchies.collect())
}

/// Removes the run's groups; fails while there are processes in them.
pub(super) fn remove_groups(run: &str) -> Result<()> {
    Ok(groups(run)?.iter().try_for_each(|group| remove(group))?)
}

/// Removes the groups of runs that were killed. Groups in use stay: they may belong to a run in another container.
pub(super) fn remove_stale_groups() -> Result<()> {
    for hierarchy in groups("")? {
        for entry in fs::read_dir(hierarchy)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let process = name.strip_prefix(PREFIX);
            if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                let _ = remove_groups(&name);
            }
        }
    }
    Ok(())
}

/// The kernel removes a group by rmdir, although the folder lists files.
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
