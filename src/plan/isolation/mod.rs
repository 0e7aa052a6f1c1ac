//! Who else reaches what the app isolates: its databases, and the pods of its parts. Policies add up, so this is judged over all of them.

mod bypass;
mod claims;
mod databases;
mod others;
mod shared;
mod state;
mod surroundings;

pub use bypass::bypass;
pub use claims::{PodClaim, holders};
pub use databases::isolation;
pub use state::{DatabaseState, Isolation};
pub use surroundings::{ForeignPod, Holder, Neighbour, Neighbours, Route, Surroundings};
