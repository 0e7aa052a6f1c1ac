//! 5 What differs: live objects are compared with the children, and every change is data before it is a request. Pure.

mod census;
mod contention;
mod known;
mod last_report;
mod memory;
mod outcome;
mod pod;
mod prune;
mod schedule;
mod step;
mod verdict;

pub use census::{Census, FieldClass, schema_fields, unmatched_rules};
pub use contention::Contention;
pub use known::{Guards, Known, Live};
pub use last_report::{LastReport, is_about};
pub use memory::{AppMemory, ChildMemory};
pub use outcome::{Applied, ChildOutcome, ChildState, Outcome, PartProgress, is_available, waits};
pub use pod::PodState;
pub use prune::{Leftover, prunable};
pub use schedule::{AWAITED, Again, FailureClass, LONGEST_RECONCILIATION, again, backoff, conflict_retry, next};
pub use step::{MOST_REQUESTS, NextStep, Purpose, Step, step};
pub use verdict::{
    Basis, Change, Claim, Difference, Path, Request, Verdict, claims, differences, holder, judge, most_dangerous,
};

#[cfg(test)]
mod tests;
