//! The name of one run of a node. It identifies the processes, mounts and control groups of the run.

use std::env;

use anyhow::{Context, Result};

/// Names the run, in the environment of all its processes.
pub(super) const RUN_ENV: &str = "HARDENED_APP_NODE_RUN";

/// Prefix of a run's name; the id of the process outside the namespaces follows.
pub(super) const PREFIX: &str = "hardened-app-node-";

/// The name of this run.
pub(super) fn name() -> Result<String> {
    env::var(RUN_ENV).context("a node runs only in its own namespaces: use `make e2e`")
}
