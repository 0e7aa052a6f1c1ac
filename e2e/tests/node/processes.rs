//! The privileges of the processes in a pod, as the kernel reports them on the node.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;

use crate::place::containers;

/// The text for a token in the result of [`powers_of`].
pub(crate) const TOKEN: &str = "it holds a token";

/// The processes of the pod's containers, without the pause container.
pub(crate) fn of(pod: &Pod) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for container in containers(pod) {
        let id = container.container_id.as_deref().and_then(|id| id.strip_prefix("containerd://"));
        let id = id.context("the container hasn't been started")?;
        let before = found.len();
        for process in fs::read_dir("/proc")? {
            let folder = process?.path();
            // The path of the container's control group contains its id.
            if fs::read_to_string(folder.join("cgroup")).is_ok_and(|groups| groups.contains(id)) {
                found.push(folder);
            }
        }
        ensure!(found.len() > before, "container {} has no process", container.name);
    }
    Ok(found)
}

/// A field of `/proc/<pid>/status`, for example `Uid`.
pub(crate) fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

/// The fields in which a process differs from a hardened one of this user and group.
pub(crate) fn powers(status: &str, user: i64, group: i64) -> Vec<String> {
    let four = |id: i64| [id.to_string(), id.to_string(), id.to_string(), id.to_string()].join("\t");
    let none = "0".repeat(16);
    let expected = [
        ("Uid", four(user)),
        ("Gid", four(group)),
        ("CapInh", none.clone()),
        ("CapPrm", none.clone()),
        ("CapEff", none.clone()),
        ("CapBnd", none.clone()),
        ("CapAmb", none),
        ("NoNewPrivs", "1".to_owned()),
        // Mode 2 is a filter, as with the profile RuntimeDefault.
        ("Seccomp", "2".to_owned()),
    ];
    let unlike = expected.into_iter().filter(|(name, expected)| field(status, name) != Some(expected));
    unlike.map(|(name, expected)| format!("{name} is {:?} instead of {expected:?}", field(status, name))).collect()
}

/// The same for all processes of a pod, and whether their root file system is writable or contains a token.
pub(crate) fn powers_of(pod: &Pod, user: i64, group: i64) -> Result<Vec<String>> {
    let (mut found, mut seen) = (Vec::new(), 0);
    for process in of(pod)? {
        // The process of a probe may end meanwhile: the kernel then shows no mounts of it.
        let files = ["status", "mountinfo"].map(|file| fs::read_to_string(process.join(file)));
        let [Ok(status), Ok(mounts)] = files else { continue };
        seen += 1;
        found.extend(powers(&status, user, group));
        if !is_read_only(&mounts) {
            found.push("its root is writable".to_owned());
        }
        if process.join("root/var/run/secrets/kubernetes.io/serviceaccount/token").exists() {
            found.push(TOKEN.to_owned());
        }
    }
    ensure!(seen > 0, "all processes have ended");
    Ok(found)
}

/// Whether the root is mounted read-only. In `mountinfo`, field 5 is the mount point and field 6 are the options.
fn is_read_only(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(4);
        fields.next() == Some("/")
            && fields.next().is_some_and(|options| options.split(',').any(|option| option == "ro"))
    })
}

/// The anonymous memory of a process in bytes. A memory limit applies to it; pages of the program file can be evicted.
pub(crate) fn memory(process: &Path) -> Result<u64> {
    let status = fs::read_to_string(process.join("status"))?;
    let kilobytes = field(&status, "RssAnon").and_then(|text| text.split(' ').next()).context("no RssAnon")?;
    Ok(kilobytes.parse::<u64>()? << 10)
}
