//! What the kernel says of the processes in a pod, seen from the node.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;

use crate::place::containers;

/// How [`powers_of`] names a token.
pub(crate) const TOKEN: &str = "it holds a token";

/// The processes of the pod's containers; what holds its namespaces together is none of them.
pub(crate) fn of(pod: &Pod) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for container in containers(pod) {
        let id = container.container_id.as_deref().and_then(|id| id.strip_prefix("containerd://"));
        let id = id.context("the container hasn't been started")?;
        let before = found.len();
        for process in fs::read_dir("/proc")? {
            let folder = process?.path();
            // Each container has a control group of its name.
            if fs::read_to_string(folder.join("cgroup")).is_ok_and(|groups| groups.contains(id)) {
                found.push(folder);
            }
        }
        ensure!(found.len() > before, "container {} has no process", container.name);
    }
    Ok(found)
}

/// One field of a process' status, as the kernel gives it: `Uid`, for instance.
pub(crate) fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

/// What a process has that a hardened one of this user and group hasn't, by the kernel's names.
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
        // A filter: what RuntimeDefault stands for.
        ("Seccomp", "2".to_owned()),
    ];
    let unlike = expected.into_iter().filter(|(name, expected)| field(status, name) != Some(expected));
    unlike.map(|(name, expected)| format!("{name} is {:?} instead of {expected:?}", field(status, name))).collect()
}

/// The same of all processes of a pod, and what can be seen of their files: a root that can be written, a token.
pub(crate) fn powers_of(pod: &Pod, user: i64, group: i64) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for process in of(pod)? {
        found.extend(powers(&fs::read_to_string(process.join("status"))?, user, group));
        if !is_read_only(&fs::read_to_string(process.join("mountinfo"))?) {
            found.push("its root can be written".to_owned());
        }
        if process.join("root/var/run/secrets/kubernetes.io/serviceaccount/token").exists() {
            found.push(TOKEN.to_owned());
        }
    }
    Ok(found)
}

/// Whether the mount of the root folder is read-only. Of each mount, the fifth field is the place, the next the options.
fn is_read_only(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(4);
        fields.next() == Some("/")
            && fields.next().is_some_and(|options| options.split(',').any(|option| option == "ro"))
    })
}

/// The memory that only this process has, in bytes: what a limit is about, without the pages of its program file.
pub(crate) fn memory(process: &Path) -> Result<u64> {
    let status = fs::read_to_string(process.join("status"))?;
    let kilobytes = field(&status, "RssAnon").and_then(|text| text.split(' ').next()).context("no RssAnon")?;
    Ok(kilobytes.parse::<u64>()? << 10)
}
