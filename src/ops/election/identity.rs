//! Who this process is, for the other replicas, the audit log and the events.

use std::{
    hash::{BuildHasher, RandomState},
    time::SystemTime,
};

/// The name of the pod that this process runs in, if the pod's environment gives it.
pub(in crate::ops) fn pod() -> Option<String> {
    std::env::var("POD_NAME").ok().filter(|name| !name.is_empty())
}

/// The pod's name, or else the machine's, and a random part: a container that is started again isn't the process that held the lease.
pub(in crate::ops) fn identity(pod: Option<&str>) -> String {
    let machine = || hostname::get().ok()?.into_string().ok();
    let name = pod.map(str::to_owned).or_else(machine).unwrap_or_default();
    // The standard library's hash keys are random; a generator would be one more dependency.
    format!("{name}_{:016x}", RandomState::new().hash_one(SystemTime::now()))
}
