//! Requests that write.

mod failure;
mod writer;

pub use failure::Failure;
pub use writer::Writer;
