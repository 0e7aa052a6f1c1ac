//! What runs: the pod template's spec, and the restrictions of every pod and container.

mod container;
mod hardening;
mod lifetime;
mod spec;
mod volumes;

pub(super) use lifetime::Lifetime;
pub(super) use spec::pod_spec;
pub(super) use volumes::OWN;
