//! What runs: the pod template's spec, and the restrictions of every pod and container.

mod container;
mod hardening;
mod spec;
mod volumes;

pub(super) use spec::pod_spec;
pub(super) use volumes::OWN;
