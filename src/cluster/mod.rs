//! 6 Touch the API: watch what is there, write what must change. The only step with a client.

mod backoff;
mod bring;
mod cache;
mod client;
mod entry;
mod memory;
mod pods;
mod prune;
mod send;
mod settings;
mod stored;
mod traffic;
mod watch;
mod write;

pub use backoff::backoff;
pub use bring::{Previous, Round};
pub use cache::Cache;
pub use client::{Connection, connect};
pub use entry::AppKey;
pub use memory::Memory;
pub use settings::Settings;
pub use traffic::Traffic;
pub use watch::{PAGE, Triggers, watch_all};
pub use write::{Failure, FailureClass, Writer, version};

#[cfg(test)]
mod tests;
