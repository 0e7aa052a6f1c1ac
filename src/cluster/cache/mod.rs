//! What the watches have reported: children and pods, what surrounds the apps, policies and namespaces.

mod around;
mod children;
mod entry;
mod fingerprint;
mod goes;
mod pods;
mod releases;
mod settings;
mod state;
mod task;
mod text;

pub(super) use around::{Begun, ForeignPods, Found, Listing, Missing, NeighbourKind, Record, read_pod};
pub use around::{Claimant, HostClaims, PodGroups};
pub use children::Cache;
pub use entry::AppKey;
pub(super) use pods::Pods;
pub use settings::Settings;
