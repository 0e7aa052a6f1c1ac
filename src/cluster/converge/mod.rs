//! Applies the children of an app: the plan decides, this module sends the requests.

mod all;
mod child;
mod executor;
mod prune;
mod send;

pub use executor::Executor;
