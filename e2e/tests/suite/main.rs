//! Tests against a real API server. One binary, because linking takes longer than the tests.

mod at_rest;
mod attacks;
mod autoscaling;
mod bad_specs;
mod conflicts;
mod control_plane;
mod deletions;
mod drift;
mod experiments;
mod guards;
mod leaving;
mod leftovers;
mod lifecycle;
mod metrics;
mod pod_security;
mod policies;
mod rejections;
mod requests;
mod restart;
mod samples;
mod scene;
mod sees;
mod statuses;
mod tamper;
mod timeline;
mod while_rejected;
