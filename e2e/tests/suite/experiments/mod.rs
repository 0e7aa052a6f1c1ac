//! Behaviour of the API server that the operator relies on.
//!
//! These tests don't involve the operator. They fail if a new version of Kubernetes behaves differently, so the cause is
//! found before the tests of the operator fail.

mod creation;
mod kinds;
mod playground;
mod removal;
mod restoration;
