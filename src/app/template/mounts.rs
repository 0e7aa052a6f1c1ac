//! What is mounted where: writable directories, ConfigMaps, Secrets.

use serde::{Deserialize, Serialize};

use super::text;
use crate::{
    api,
    app::{
        amounts::bytes,
        names::{self, is_name},
        quantity::Quantity,
        review::Review,
    },
};

/// A directory of a pod that doesn't come from the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Absolute path.
    pub path: String,
    /// What is mounted there.
    pub source: MountSource,
}

/// What a mounted directory holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MountSource {
    /// Nothing at start; the process may write up to this many bytes.
    Writable(Quantity),
    /// The keys of a ConfigMap, read-only.
    ConfigMap(String),
    /// The keys of a Secret, read-only.
    Secret(String),
    /// A PersistentVolumeClaim.
    Claim {
        /// Name of the volume.
        volume: String,
        /// Name of the claim.
        claim: String,
    },
    /// A volume of the pod's own, from a claim that is made with the pod and kept after it.
    Own,
}

impl MountSource {
    /// Whether the process may only read it.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        matches!(self, Self::ConfigMap(_) | Self::Secret(_))
    }
}

/// Where Secrets are mounted, each in a folder of its name.
pub(in crate::app) const SECRETS: &str = "/run/secrets";

/// Paths that belong to the system: a mount over one breaks the image or gives it files of the node.
const SYSTEM: [&str; 15] = [
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr",
    "/var", "/var/run",
];

/// Paths below which nothing may be mounted either.
const KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];

/// All mounts by path; `/tmp` is always one of them.
pub(super) fn accept(spec: &api::Component, path: &str, review: &mut Review) -> Vec<Mount> {
    let mut mounts = Vec::new();
    let mut add = |field: String, path: &str, source: MountSource, review: &mut Review| {
        if let Some((problem, remedy)) = objection(path, &source) {
            review.reject(field, format!("'{path}' {problem}"), remedy);
        }
        mounts.push(Mount { path: path.to_owned(), source });
    };
    for writable in &spec.writable_paths {
        let field = format!("{path}.writablePaths[{}]", writable.path);
        if let Some(size) = bytes(&writable.size, &format!("{field}.size"), review) {
            add(format!("{field}.path"), &writable.path, MountSource::Writable(size), review);
        }
    }
    // A ConfigMap may be mounted twice, so its name doesn't tell which one is meant.
    for (index, config) in spec.config.iter().enumerate() {
        let field = format!("{path}.config[{index}]");
        names::of_object("ConfigMap", &config.config_map, format!("{field}.configMap"), review);
        add(
            format!("{field}.mountPath"),
            &config.mount_path,
            MountSource::ConfigMap(config.config_map.clone()),
            review,
        );
    }
    for secret in &spec.secrets {
        let field = format!("{path}.secrets[{secret}]");
        names::of_object("Secret", secret, &field, review);
        add(field, &format!("{SECRETS}/{secret}"), MountSource::Secret(secret.clone()), review);
    }
    for volume in &spec.volumes {
        let field = format!("{path}.volumes[{}]", volume.name);
        if !is_name(&volume.name, 20) {
            review.reject(
                &field,
                "not a name for a volume",
                "use at most 20 lower-case letters, digits and '-', starting with a letter",
            );
        }
        names::of_object("PersistentVolumeClaim", &volume.claim, format!("{field}.claim"), review);
        let source = MountSource::Claim { volume: volume.name.clone(), claim: volume.claim.clone() };
        add(format!("{field}.path"), &volume.path, source, review);
    }
    if !mounts.iter().any(|mount| mount.path == "/tmp") {
        mounts.push(Mount { path: "/tmp".to_owned(), source: MountSource::Writable(Quantity::mebi(64)) });
    }
    mounts.sort_by(|one, other| one.path.cmp(&other.path));
    overlaps(&mounts, path, review);
    mounts
}

/// The sizes of the writable directories.
pub(super) fn writable_sizes<'a>(mounts: impl IntoIterator<Item = &'a Mount>) -> impl Iterator<Item = Quantity> {
    mounts.into_iter().filter_map(|mount| match mount.source {
        MountSource::Writable(size) => Some(size),
        _ => None,
    })
}

/// Why this may not be mounted at `path`, and what to do.
fn objection(path: &str, source: &MountSource) -> Option<(&'static str, &'static str)> {
    let clean = path
        .strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
    if !clean || path.contains(':') || path.contains(|c: char| c.is_control() || text::is_lost(c)) {
        return Some(("is not a plain absolute path", "write one such as /var/cache/shop, without '..', '//' or ':'"));
    }
    if SYSTEM.contains(&path) || KERNEL.iter().any(|system| below(path, system)) {
        return Some(("belongs to the system", "choose a directory of the application"));
    }
    if path == "/tmp" && source.is_read_only() {
        return Some(("must stay writable", "choose another directory"));
    }
    // In most images /var/run is a link to /run, so clients look for a ServiceAccount token below both.
    let reserved = ["/var/run/secrets", SECRETS].iter().any(|folder| path == *folder || below(path, folder));
    if reserved && !matches!(source, MountSource::Secret(_)) {
        return Some((
            "is reserved for credentials",
            "choose another directory; Secrets are mounted by naming them under secrets",
        ));
    }
    None
}

/// Rejects two mounts at one path, and a mount inside a read-only one, where the runtime can't create the mount point.
fn overlaps(mounts: &[Mount], path: &str, review: &mut Review) {
    for (index, mount) in mounts.iter().enumerate() {
        for other in mounts.iter().skip(index + 1) {
            if mount.path == other.path {
                review.reject(path, format!("two volumes are mounted at {}", mount.path), "give each its own path");
            } else if below(&other.path, &mount.path) && mount.source.is_read_only() {
                review.reject(
                    path,
                    format!("{} lies inside {}, which is read-only", other.path, mount.path),
                    "mount it elsewhere",
                );
            }
        }
    }
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        api::HardenedApp,
        app::{App, Policy},
    };

    #[test]
    fn a_mistake_in_a_mount_is_reported_once_and_at_its_field() {
        let long = "c".repeat(300);
        let cases = [
            (json!({ "config": [{ "configMap": "c", "mountPath": "/" }] }), "config[0].mountPath"),
            (json!({ "config": [{ "configMap": long, "mountPath": "/srv" }] }), "config[0].configMap"),
            (json!({ "writablePaths": [{ "path": "/", "size": "1Mi" }] }), "writablePaths[/].path"),
            (json!({ "volumes": [{ "name": "data", "path": "/", "claim": "shop" }] }), "volumes[data].path"),
            (json!({ "volumes": [{ "name": "d".repeat(300), "path": "/srv", "claim": "shop" }] }), "volumes["),
            (json!({ "volumes": [{ "name": "data", "path": "/srv", "claim": long }] }), "volumes[data].claim"),
        ];
        for (fields, path) in cases {
            let mut web = json!({ "name": "web", "image": "r.io/web:1" });
            web.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let spec: Value = json!({ "components": [web] });
            let app = HardenedApp::new("shop", serde_json::from_value(spec).unwrap());
            let found: Vec<String> =
                App::accept(&app, &Policy::default()).unwrap_err().into_iter().map(|found| found.path).collect();
            let found = found.into_iter().filter(|found| found.starts_with("spec")).collect::<Vec<_>>();
            assert!(found.len() == 1 && found[0].starts_with(&format!("spec.components[web].{path}")), "{found:?}");
        }
    }
}
