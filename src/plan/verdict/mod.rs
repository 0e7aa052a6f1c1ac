//! How a live object compares with the child it should be: what must change, and what other field managers have
//! changed.

mod of_child;
mod change;
mod class;
mod compare;
mod correction;
mod drift;
mod judge;
mod many;
mod oversized;
mod ownership;
mod part;
mod path;
mod removal;
mod replacement;

#[cfg(test)]
pub(super) use self::{drift::deleted_item, path::Segment};
pub use change::{Change, Request, Verdict};
pub use compare::{Difference, differences};
pub use drift::most_dangerous;
pub(super) use judge::has_hash_of;
pub use judge::{Basis, disowned, judge};
pub use of_child::of;
pub use ownership::{Claim, claims};
pub use path::Path;
