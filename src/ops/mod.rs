//! The process around the reconciliations: start, metrics, health and shutdown.

mod apps;
mod health;
mod metrics;
mod reconciles;
mod run;
mod server;
mod stop;
mod telemetry;

pub use run::{Controller, start};

#[cfg(test)]
mod tests;
