//! Whether work is finished.

use std::time::Duration;

/// Whether work is finished. Each state decides it: none may be left to an event that could be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nothing is left to do.
    Done,
    /// Something is: reconcile again after this long.
    After(Duration),
}

impl Again {
    /// What is due first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::After(one), Self::After(other)) => Self::After(one.min(other)),
            (Self::Done, other) | (other, Self::Done) => other,
        }
    }
}
