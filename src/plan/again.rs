//! Whether work is finished.

use std::time::Duration;

/// Whether work is finished. Each state decides it: none may be left to an event that could be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nothing is left to do.
    Done,
    /// Something is: reconcile again after this long.
    After(Duration),
    /// A request has failed: try it again after this long.
    Retry(Duration),
}

impl Again {
    /// What is due first.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (Some(one), Some(another)) = (self.pause(), other.pause()) else {
            return if self == Self::Done { other } else { self };
        };
        let pause = one.min(another);
        if self.has_failed() || other.has_failed() { Self::Retry(pause) } else { Self::After(pause) }
    }

    /// After how long to reconcile again, if at all.
    #[must_use]
    pub const fn pause(self) -> Option<Duration> {
        match self {
            Self::Done => None,
            Self::After(pause) | Self::Retry(pause) => Some(pause),
        }
    }

    /// Whether a request has failed.
    #[must_use]
    pub const fn has_failed(self) -> bool {
        matches!(self, Self::Retry(_))
    }
}
