//! 4 What should exist: a [`Target`](crate::release::Target) becomes its children. Pure and infallible; one file per
//! kind of child.
//!
//! [`KINDS`] is the only place that names the kinds. Watching, applying, pruning, drift rules, the operator's roles and
//! the table in `docs/kinds.md` follow from it or are tested against it.

mod child;
mod children;
mod draft;
mod exposure;
mod json;
mod kind;
mod kinds;
mod labels;
mod owner;
mod pod;
mod progress;

pub use child::{Child, LiveValues};
pub use children::children;
pub use draft::Draft;
pub use exposure::unenforceable;
pub use kind::{
    Care, DANGEROUS_EVERYWHERE, HARMLESS_EVERYWHERE, Kind, Presence, Rules, Sight, Stage, TOLERATED_EVERYWHERE,
    VOLATILE_EVERYWHERE,
};
pub use kinds::{DEPLOYMENTS, HTTP_PROXIES, HTTP_ROUTES, JOBS, KINDS, REVISIONS, entry, pods_of_task};
pub use labels::APPLIED_HASH;
pub use progress::{EntryState, Expiry, Progress, Rollout, RolloutPhase};

#[cfg(test)]
mod tests;
