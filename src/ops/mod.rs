//! The process around the loop.

mod apps;
mod health;
mod looks;
mod metrics;
mod run;
mod server;
mod stop;
mod telemetry;

pub use run::{Controller, start};

#[cfg(test)]
mod tests;
