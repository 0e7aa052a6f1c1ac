//! Tests against a real API server. One binary, because linking takes longer than the tests.

mod attacks;
mod control_plane;
mod drift;
mod experiments;
mod requests;
mod samples;
mod scene;
mod statuses;
mod tamper;
