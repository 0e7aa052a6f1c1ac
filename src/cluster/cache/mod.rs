//! What the watches have reported: children, pods, policies and namespaces.

mod children;
mod entry;
mod fingerprint;
mod pods;
mod settings;

pub use children::Cache;
pub use entry::AppKey;
pub(super) use pods::Pods;
pub use settings::Settings;

#[cfg(test)]
pub(super) use self::entry::Entry;
