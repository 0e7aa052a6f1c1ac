//! A part whose pods run to completion, once, before a release: a migration, or the checks before it.

use serde::{Deserialize, Serialize};

use super::workload::Workload;

/// Name of the part that changes the databases. No component or database may have it.
pub const MIGRATE: &str = "migrate";

/// Name of the part that checks before a release. No component or database may have it.
pub const PREFLIGHT: &str = "preflight";

/// Pods that run to completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What runs.
    pub workload: Workload,
    /// How long all tries together may take, in seconds; no limit if `None`.
    pub timeout: Option<i64>,
    /// How often the task is tried again after a failure.
    pub retries: i32,
}
