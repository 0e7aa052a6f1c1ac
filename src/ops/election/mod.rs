//! Which replica may write: the one that holds a Lease, by the rules of client-go's leader election.
//! <https://pkg.go.dev/k8s.io/client-go/tools/leaderelection>
//!
//! One replica leads, and it alone watches anything but the lease. Where it differs from client-go, it waits longer: a lease that was deleted counts
//! until it would have expired for each replica that has seen it, and no lease expires sooner than this program's own would. Durations are
//! those of the process's own clock, which doesn't count while its machine is suspended.

mod decide;
mod identity;
mod lead;
mod lease;
mod record;

pub(super) use identity::{identity, pod};
pub(super) use lead::Election;
pub(super) use lease::{LEASE, Leases};

#[cfg(test)]
mod tests;
