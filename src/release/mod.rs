//! 3 Which version runs: the accepted app and the record of its releases become a [`Target`]. Pure.

mod gate;
mod job;
mod preflight;
mod record;
mod recorded;
mod situation;
mod target;

pub use gate::{Gate, is_migration, migration_job, preflight_job};
pub use job::{Ended, Exit, Job, TaskPod, Verdict, pods_hash};
pub use preflight::preflight;
pub use record::{FACTS, Facts, Record, Revision, Run, State, UNGATED};
pub use recorded::{Kept, Recorded, resolved};
pub use situation::{Reported, Situation};
pub use target::{Running, Target, Unclaimed};

#[cfg(test)]
mod tests;
