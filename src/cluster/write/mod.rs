//! The requests other than watches: few kinds, each bounded in time and all of them in number, and the writes sent only by the leader.

mod event;
mod failure;
mod fence;
mod list;
mod record;
mod tenure;
mod writer;

pub use failure::Failure;
pub use fence::Fence;
pub(super) use tenure::LONGEST_CONNECT;
pub use tenure::{LEASE_DURATION, RENEW_DEADLINE, Tenure};
pub use writer::Writer;
