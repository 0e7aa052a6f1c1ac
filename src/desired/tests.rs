//! The children of apps: what they are, and that their bytes don't change by accident.

mod golden;
mod rollout;
mod stability;
