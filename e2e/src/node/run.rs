//! The name of one run of a node, by which its processes, mounts and control groups are found.

use std::env;

use anyhow::{Context, Result};

/// Names the run, for all processes within and nobody else.
pub(super) const RUN_ENV: &str = "HARDENED_APP_NODE_RUN";

/// Of the names of runs; the number of the process outside follows.
pub(super) const PREFIX: &str = "hardened-app-node-";

/// The name of this run.
pub(super) fn name() -> Result<String> {
    env::var(RUN_ENV).context("a node runs only in namespaces of its own: `make e2e`")
}
