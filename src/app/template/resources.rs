//! Requests and limits: the spec's, else the policy's defaults, and never above its maxima.

use super::mounts::{self, Mount};
use crate::{
    api,
    app::{
        amounts::{Resources, amounts},
        policy::Policy,
        quantity::Quantity,
        review::Review,
    },
};

pub(super) fn accept(
    spec: &api::Component,
    policy: &Policy,
    mounts: &[Mount],
    path: &str,
    review: &mut Review,
) -> Resources {
    let path = format!("{path}.resources");
    let [cpu, memory, ephemeral_storage] = amounts(spec.resources.as_ref(), &path, review);
    let defaults = policy.defaults;
    let process = ephemeral_storage.unwrap_or(defaults.ephemeral_storage);
    let resources = Resources {
        cpu: cpu.unwrap_or(defaults.cpu).ceil_milli(),
        memory: memory.unwrap_or(defaults.memory).ceil_milli(),
        // The kubelet counts emptyDir volumes towards the pod's limit and evicts the pod above it.
        ephemeral_storage: mounts::writable_sizes(mounts).chain([process]).sum::<Quantity>().ceil_milli(),
    };
    // The maximum applies to what the user asks for. /tmp, which the operator adds, doesn't count.
    let asked = mounts.iter().filter(|mount| spec.writable_paths.iter().any(|writable| writable.path == mount.path));
    let local_disk = mounts::writable_sizes(asked).chain([process]).sum();
    let sums = [
        ("cpu", resources.cpu, ""),
        ("memory", resources.memory, ""),
        ("ephemeralStorage", local_disk, " with the writable paths"),
    ];
    for ((field, sum, with), maximum) in sums.into_iter().zip(policy.maximum) {
        if let Some(maximum) = maximum.filter(|maximum| sum > *maximum) {
            review.reject(
                format!("{path}.{field}"),
                format!("{sum}{with} is more than policy {} allows", policy.name),
                format!("ask for at most {maximum}"),
            );
        }
    }
    resources
}
