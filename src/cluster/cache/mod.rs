//! What the watches have reported: children, pods, policies and namespaces.

mod children;
mod entry;
mod fingerprint;
mod pods;
mod settings;
mod state;
mod text;

pub use children::Cache;
pub use entry::AppKey;
pub(super) use pods::Pods;
pub use settings::Settings;
