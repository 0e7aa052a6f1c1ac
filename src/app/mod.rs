//! 2 What is accepted: a spec and a policy become an [`App`], or a list of every mistake in them. Pure; the only source
//! of user errors.
//!
//! An [`App`] is complete: names are valid, quantities canonical, defaults filled in, references between components
//! resolved. Everything after this step takes an `App` and can't fail on what a user wrote.

mod accept;
mod amounts;
mod connections;
mod database;
mod edge;
mod enforcement;
mod exposure;
mod external_range;
mod hash;
mod hashes;
mod id;
mod labels;
mod metadata;
mod migration;
mod names;
mod part;
mod pattern;
mod pod_selection;
mod policy;
mod quantity;
mod refusal;
mod review;
mod scale;
mod schema;
mod secrets;
mod task;
mod template;
mod workload;

pub use accept::{App, PlatformPeers, Release, Ungated};
pub use amounts::Resources;
pub use database::{Database, DatabaseForm, DatabasePods, ManagedDatabase, Storage};
pub use edge::{Edge, End, ExternalRange, Peer, PortNumber, Ports};
pub use enforcement::Enforcement;
pub use exposure::{
    Attested, Certificate, EntryPoint, ExposedPath, Exposure, ExposureRules, Header, REMOVED_HEADERS, default_headers,
};
pub use hash::short_hash;
pub use hashes::Hashes;
pub use id::{AppId, PartName};
pub use labels::{labels, pod_labels};
pub use metadata::{malformed_around_spec, without_nulls};
pub use part::Part;
pub use pattern::compile_pattern;
pub use pod_selection::PodSelection;
pub use policy::{Dns, Policy};
pub use quantity::Quantity;
pub use refusal::Refusal;
pub use review::Rejection;
pub use scale::Scale;
pub use schema::malformed;
pub use secrets::{RequiredKey, RequiredSecret};
pub use task::{MIGRATE, PREFLIGHT, Task};
pub use template::{
    Env, EnvSource, Image, Mount, MountSource, Placement, PodTemplate, Port, Probe, ProbeHandler, Probes,
};
pub use workload::{Hardening, Workload};

#[cfg(test)]
mod tests;
