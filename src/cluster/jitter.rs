//! Jitter, so that apps that failed together don't retry together.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// A pause, longer by up to a quarter.
#[must_use]
pub fn jittered(pause: Duration) -> Duration {
    // The standard library's hash keys are random; a generator would be one more dependency.
    let thousandths = u32::try_from(RandomState::new().hash_one(pause) % 250).unwrap_or_default();
    pause + pause * thousandths / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_get_longer_by_up_to_a_quarter_and_differ() {
        let pause = Duration::from_secs(8);
        let pauses: Vec<Duration> = (0..50).map(|_| jittered(pause)).collect();
        assert!(pauses.iter().all(|it| (pause..pause + pause / 4).contains(it)), "{pauses:?}");
        assert!(pauses.iter().any(|it| *it != pauses[0]));
    }
}
