//! Two managers that undo each other: ours gives way more and more, and says so.

use std::time::{Duration, Instant};

/// Heals in a row that are made at once; a person's second thought isn't a fight.
const PATIENCE: u32 = 5;
/// The longest pause between two heals of something dangerous, and of anything else.
const LONGEST: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(5));
/// After this long without a heal the object is at peace.
const PEACE: Duration = Duration::from_mins(10);

/// The recent heals of one object.
#[derive(Clone, Copy, Debug, Default)]
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
        let doublings = self.heals.saturating_sub(PATIENCE);
        if doublings == 0 || since >= PEACE {
            return Duration::ZERO;
        }
        let longest = if dangerous { LONGEST.0 } else { LONGEST.1 };
        let interval = Duration::from_secs(1_u64 << doublings.min(10)).min(longest);
        interval.saturating_sub(since)
    }

    /// Notes a heal.
    pub fn healed(&mut self, now: Instant) {
        let peace = self.last.is_some_and(|last| now.saturating_duration_since(last) >= PEACE);
        self.heals = if peace { 1 } else { self.heals.saturating_add(1) };
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_bound_and_end_in_peace() {
        let start = Instant::now();
        let mut contention = Contention::default();
        assert_eq!(contention.pause(true, start), Duration::ZERO);
        for _ in 0..PATIENCE {
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
        assert_eq!(contention.pause(false, start + PEACE), Duration::ZERO);
        contention.healed(start + PEACE);
        assert_eq!(contention.pause(false, start + PEACE), Duration::ZERO);
    }
}
