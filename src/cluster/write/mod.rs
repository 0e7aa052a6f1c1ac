//! The requests other than watches: few kinds, each bounded in time and all of them in number.

mod failure;
mod list;
mod writer;

pub use failure::Failure;
pub use writer::Writer;
