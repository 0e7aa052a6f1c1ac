//! Bringing the children of an app to what is declared: the plan decides, this sends.

mod all;
mod child;
mod executor;
mod prune;
mod send;

pub use executor::Executor;
