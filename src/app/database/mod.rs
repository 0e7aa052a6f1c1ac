//! The databases of an app, in their three forms: run by the operator, run by others in the same namespace, or outside the cluster.

mod accept;
mod engine;
mod managed;
mod selected;

pub(super) use accept::accept;
pub use accept::{Database, DatabaseForm};
pub use managed::{ManagedDatabase, Storage};
pub use selected::DatabasePods;
