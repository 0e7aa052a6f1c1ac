//! Drift mode Observe and paused apps: both only while the policy permits them.

mod observe;
mod pause;
mod shop;
