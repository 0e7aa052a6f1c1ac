//! 8 Access to the API: watch what exists, write what must change. The only step with a client.

mod cache;
mod claims;
mod client;
mod context;
mod converge;
mod hosts;
mod jitter;
mod memory;
mod releases;
mod report;
mod stored;
mod surroundings;
mod traffic;
mod triggers;
mod watch;
mod write;

pub use cache::{AppKey, Cache, Claimant, HostClaims, PodGroups, Settings};
pub use claims::Claims;
pub use client::{Connection, connect};
pub use context::Context;
pub use converge::Executor;
pub use hosts::ClaimedHosts;
pub use jitter::jittered;
pub use memory::Memory;
pub use releases::Asked;
pub use traffic::Traffic;
pub use triggers::{Triggered, Triggers};
pub use watch::{events, watch_all};
pub use write::{Failure, Fence, LEASE_DURATION, RENEW_DEADLINE, Tenure, Writer};

#[cfg(test)]
mod tests;
