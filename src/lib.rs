//! The HardenedApp operator: one object in, a hardened workload out, kept as declared.
//!
//! The modules are a pipeline, listed in its order. Arrows never point back.
//!
//! ```text
//! HardenedApp ─┐
//!              ├─ app ──► App ─ desired ──► [Child] ─┐
//! Policy ──────┘                                     ├─ plan ──► Verdict ─ cluster ──► API server
//!                            watches ─ cluster ──► Live ─┘                    │
//!                                                                   Outcome ◄─┘
//!                                                                      └─ status ──► HardenedAppStatus
//! ```
//!
//! Everything between "read the cache" and "write the API" is a pure function on data: `api`, `app`, `desired`, `plan` and
//! `status` name no client, no clock and no randomness, and a test holds them to it.

pub mod api;
pub mod app;
pub mod release;
pub mod desired;
pub mod plan;
pub mod status;
pub mod cluster;
pub mod reconcile;
pub mod ops;
pub mod cli;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod structure;
