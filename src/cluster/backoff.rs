//! How long to wait after a failure.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use super::FailureClass;

/// The pause after so many failures in a row, with jitter so that apps that failed together don't come back together.
#[must_use]
pub fn backoff(class: FailureClass, failures: u32) -> Duration {
    let (first, longest) = match class {
        FailureClass::Outdated => (Duration::from_millis(100), Duration::from_secs(10)),
        FailureClass::Unavailable => (Duration::from_secs(1), Duration::from_mins(1)),
        FailureClass::Refused => (Duration::from_secs(15), Duration::from_mins(5)),
    };
    let pause = first.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(longest);
    // The standard library's hash keys are random; a generator of our own would be one more dependency.
    let thousandths = u32::try_from(RandomState::new().hash_one(failures) % 250).unwrap_or_default();
    pause + pause * thousandths / 1000
}
