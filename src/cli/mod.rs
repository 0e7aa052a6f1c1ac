//! The commands: the same core as the controller, without a cluster where possible.

mod command;
mod crds;
mod database_secret;
mod generate;
mod input;
mod kinds;
mod preflight;
mod reach;
mod reference;
mod render;
mod targets;
mod yaml;

pub use command::Command;
#[cfg(test)]
pub(crate) use generate::generate;
pub use input::read;
