//! 3 Which version runs: the accepted app becomes a [`Target`]. Pure.

mod target;

pub use target::{Gate, Target};
