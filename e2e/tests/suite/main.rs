//! Tests against a real API server. One binary, because linking takes longer than the tests.

mod attacks;
mod bad_specs;
mod chart;
mod conflicts;
mod control_plane;
mod drift;
mod events;
mod experiments;
mod lifecycle;
mod pod_security;
mod rejections;
mod requests;
mod restart;
mod samples;
mod scene;
mod sees;
mod statuses;
mod tamper;
