//! Tests against a real API server. One binary, because linking takes longer than the tests.

mod control_plane;
mod experiments;
