//! The process around the loop.

mod run;
mod telemetry;

pub use run::run;
pub use telemetry::start as start_telemetry;
