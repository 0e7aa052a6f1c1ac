//! The requests about single objects: few kinds, each bounded in time and all of them in number.

mod failure;
mod writer;

pub use failure::Failure;
pub use writer::Writer;
