//! The commands: the same core as the controller, without a cluster where possible.

mod crds;
mod generate;
mod reference;
mod render;
mod yaml;

pub use crds::print as print_crds;
pub use generate::generate;
pub use render::{Render, render};
