//! Which app has which host. A host is one app's in the whole cluster: the holder keeps it, others wait, and the oldest of them gets it once
//! nothing serves it any more.

mod claims;
mod index;
mod matching;

pub(in crate::cluster) use claims::Hosts;
pub use claims::{Claimant, HostClaims};

#[cfg(test)]
mod tests;
