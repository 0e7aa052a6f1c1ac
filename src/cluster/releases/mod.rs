//! The record of releases in the cluster: which release runs and which waits, and the writes that say so.

mod advance;
mod commit;
mod known;
mod target;

pub use target::Asked;
