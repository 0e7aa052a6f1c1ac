//! The HardenedApp operator: one object in, a hardened workload out, kept as declared.
//!
//! The modules are the steps of a pipeline, listed in its order; no file imports from a later step. `docs/architecture.md` has the way of
//! one HardenedApp through them.
//!
//! ```text
//! HardenedApp ─┐                                    watches ─► cluster/cache ─► Live ─┐
//!              ├─ app ─► App ─ release ─► Target ─ desired ─► [Child] ────────────────┼─ plan ─► Step
//! Policy ──────┘                                    last status ─► LastReport ────────┘            │
//!                                                                                                  │ cluster/converge
//! HardenedAppStatus ◄─ status ◄─ Outcome ◄─────────────────────────────────────────────────────────┴─► API server
//! ```
//!
//! Everything between reading the cache and writing to the API server is a function on data: `api`, `app`, `preflight`, `release`, `desired`, `reach`,
//! `plan` and `status` name no client, no clock and no randomness. Tests in `structure` hold all of this.

pub mod api;
pub mod app;
pub mod preflight;
pub mod release;
pub mod desired;
pub mod reach;
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
