//! A part that has pods: what runs in them, and under which restrictions.

use serde::{Deserialize, Serialize};

use super::{
    id::PartName,
    policy::Policy,
    review::Review,
    template::{self, PodTemplate},
};
use crate::api::{self, Platform};

/// User and group if the spec gives none: `nonroot` of the distroless images, which nodes don't use.
const DEFAULT_ID: i64 = 65532;

/// Pods of one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Name within the app.
    pub name: PartName,
    /// What runs.
    pub template: PodTemplate,
    /// Under which restrictions.
    pub hardening: Hardening,
    /// At most one pod at a time: the old one ends before the new one starts.
    pub exclusive: bool,
}

/// What differs in the restrictions of pods; all else is the same for every pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardening {
    /// What kind of cluster it is.
    pub platform: Platform,
    /// User id.
    pub user: i64,
    /// Group id, of the process and its volumes.
    pub group: i64,
}

/// Checks what doesn't depend on other components.
pub(super) fn accept(spec: &api::Component, policy: &Policy, path: &str, review: &mut Review) -> Workload {
    Workload {
        name: PartName::new(&spec.name),
        template: template::accept(spec, policy, path, review),
        hardening: hardening(spec, policy, path, review),
        // A claim that isn't shared can be mounted on one node at a time, and a device may be the only one.
        exclusive: !spec.devices.is_empty() || spec.volumes.iter().any(|volume| !volume.shared),
    }
}

fn hardening(spec: &api::Component, policy: &Policy, path: &str, review: &mut Review) -> Hardening {
    let user = id(spec.user, DEFAULT_ID, &format!("{path}.user"), review);
    // If no group is given, it is the user id, which was checked already.
    let group = spec.group.map_or(user, |group| id(Some(group), user, &format!("{path}.group"), review));
    Hardening { platform: policy.placement.platform, user, group }
}

fn id(given: Option<i64>, default: i64, path: &str, review: &mut Review) -> i64 {
    let id = given.unwrap_or(default);
    if id <= 10_000 {
        review.reject(
            path,
            format!("{id} is not above 10000: it may be a user of the node"),
            "use an id above 10000, or leave it out",
        );
    } else if id > i64::from(i32::MAX) {
        review.reject(path, format!("{id} is too large for a user or group id"), "use one from 10001 to 2147483647");
    }
    id
}
