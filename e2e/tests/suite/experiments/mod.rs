//! What the API server really does where the operator relies on it.
//!
//! These are measurements kept as tests: when a new version of Kubernetes answers differently, they
//! say so before the operator does.

mod creation;
mod kinds;
mod playground;
mod removal;
mod restoration;
