//! The pod template: everything of a component that a release freezes and whose change restarts its pods.

mod environment;
mod image;
mod mounts;
mod placement;
mod pod_template;
mod ports;
mod probes;
mod resources;
mod secret;
mod text;

pub use environment::{Env, EnvSource};
pub use image::Image;
pub(super) use mounts::SECRETS;
pub use mounts::{Mount, MountSource};
pub use placement::Placement;
pub use pod_template::PodTemplate;
pub(super) use pod_template::accept;
pub use ports::Port;
pub use probes::{Probe, ProbeHandler, Probes};
