//! Two field managers that revert each other: the operator waits longer before each further heal, and the status
//! reports it.

use std::time::{Duration, Instant};

/// Heals in a row without a pause: a user who repeats an edit a few times isn't contention.
const FREE_HEALS: u32 = 5;
/// The longest pause between two heals of dangerous drift, and of any other drift.
const LONGEST: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(5));
/// After this long without a heal the object is no longer contested.
const CALM: Duration = Duration::from_mins(10);

/// The recent heals of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contention {
    heals: u32,
    last: Option<Instant>,
}

impl Contention {
    /// How long the next heal must wait; zero if it needn't.
    #[must_use]
    pub fn pause(&self, dangerous: bool, now: Instant) -> Duration {
        let Some(last) = self.last else { return Duration::ZERO };
        let since = now.saturating_duration_since(last);
        let doublings = self.heals.saturating_sub(FREE_HEALS);
        if doublings == 0 || since >= CALM {
            return Duration::ZERO;
        }
        let longest = if dangerous { LONGEST.0 } else { LONGEST.1 };
        let interval = Duration::from_secs(1_u64 << doublings.min(10)).min(longest);
        interval.saturating_sub(since)
    }

    /// Notes a heal.
    pub fn healed(&mut self, now: Instant) {
        let calm = self.last.is_some_and(|last| now.saturating_duration_since(last) >= CALM);
        self.heals = if calm { 1 } else { self.heals.saturating_add(1) };
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_bound_and_end_after_a_calm_period() {
        let start = Instant::now();
        let mut contention = Contention::default();
        assert_eq!(contention.pause(true, start), Duration::ZERO);
        for _ in 0..FREE_HEALS {
            contention.healed(start);
            assert_eq!(contention.pause(true, start), Duration::ZERO);
        }
        contention.healed(start);
        assert_eq!(contention.pause(true, start), Duration::from_secs(2));
        assert_eq!(contention.pause(true, start + Duration::from_secs(2)), Duration::ZERO);
        for _ in 0..20 {
            contention.healed(start);
        }
        assert_eq!(contention.pause(true, start), LONGEST.0);
        assert_eq!(contention.pause(false, start), LONGEST.1);
        assert_eq!(contention.pause(false, start + CALM), Duration::ZERO);
        contention.healed(start + CALM);
        assert_eq!(contention.pause(false, start + CALM), Duration::ZERO);
    }
}
