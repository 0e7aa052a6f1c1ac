//! The process around the reconciliations: start, leader election, work queue, metrics, health and shutdown.

mod apps;
mod election;
mod health;
mod metrics;
mod queue;
mod reconciles;
mod run;
mod server;
mod stop;
mod telemetry;

pub use run::{Controller, start};

#[cfg(test)]
mod tests;
