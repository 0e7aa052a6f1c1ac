//! Deviations that are only reported, and apps that are paused: only where the policy says so, and for as long.

mod observe;
mod pause;
mod shop;
