//! 6 What differs: live objects are compared with the children, and every change is data before it is a request. Pure.

mod again;
mod census;
mod contention;
mod controller;
mod earlier;
mod exposure;
mod field_manager;
mod isolation;
mod known;
mod last_report;
mod memory;
mod needs;
mod outcome;
mod oversized;
mod pod;
mod progress;
mod prune;
mod schedule;
mod step;
mod verdict;

pub use again::Again;
pub use census::{Census, FieldClass, schema_fields, unmatched_rules};
pub use contention::Contention;
pub use controller::{Controller, holder};
pub use earlier::still_needed;
pub use exposure::{EntryProgress, Exposed, ExposureState, exposure_findings, exposures};
pub use isolation::{
    DatabaseState, ForeignPod, Holder, Isolation, Neighbour, Neighbours, PodClaim, Route, Surroundings, bypass,
    holders, isolation,
};
pub use known::{Guards, Known, Live, Written};
pub use last_report::{LastReport, is_about};
pub use memory::{AppMemory, ChildMemory};
pub use needs::needs;
pub use outcome::{Applied, ChildOutcome, ChildState, Outcome, Releases, waits};
pub use oversized::{LARGEST, Oversized};
pub use pod::PodState;
pub use progress::{PartProgress, is_applied, is_available};
pub use prune::{Goes, Leftover, is_replaced, prunable};
pub use schedule::{AWAITED, FailureClass, LONGEST_RECONCILIATION, again, backoff, conflict_retry, next};
pub use step::{MOST_REQUESTS, NextStep, Purpose, Step, step};
pub use verdict::{
    Basis, Change, Claim, Difference, Path, Request, Verdict, claims, differences, disowned, judge, most_dangerous,
};

#[cfg(test)]
mod tests;
