//! Whether the hosts of an app lead to it.

mod judge;
mod state;

pub use judge::{EntryProgress, exposure_findings, exposures};
pub use state::{Exposed, ExposureState};
