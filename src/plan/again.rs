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
