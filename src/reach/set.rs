//! Sets of ends as bits, so that a selector is evaluated once for all ends.

const BITS: usize = u64::BITS as usize;

/// A set of numbers below a limit. Sets that are combined have the same limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set(Vec<u64>);

impl Set {
    /// The empty set.
    pub(super) fn none(limit: usize) -> Self {
        Self(vec![0; limit.div_ceil(BITS)])
    }

    /// The set of these numbers.
    pub(super) fn of(limit: usize, numbers: impl Iterator<Item = usize>) -> Self {
        let mut set = Self::none(limit);
        numbers.for_each(|number| set.insert(number));
        set
    }

    pub(super) fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / BITS) {
            *word |= 1 << (number % BITS);
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.0.get(number / BITS).is_some_and(|word| word & (1 << (number % BITS)) != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds the members of the other set.
    pub(super) fn unite(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    /// Keeps the members of the other set; `None` is an empty one.
    pub(super) fn keep(&mut self, other: Option<&Self>) {
        let Some(other) = other else { return self.0.fill(0) };
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own &= other);
    }

    /// Removes the members of the other set.
    pub(super) fn remove(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own &= !other);
    }

    /// The members in ascending order.
    pub(super) fn members(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            (0..BITS).filter(move |bit| word & (1 << bit) != 0).map(move |bit| place * BITS + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[usize]) -> Set {
        Set::of(200, numbers.iter().copied())
    }

    #[test]
    fn sets_are_combined_beyond_one_word() {
        let mut union = set(&[0, 63, 64]);
        union.unite(&set(&[64, 130, 199]));
        assert_eq!(union.members().collect::<Vec<_>>(), [0, 63, 64, 130, 199]);
        let mut kept = union.clone();
        kept.keep(Some(&set(&[63, 199, 5])));
        assert_eq!(kept, set(&[63, 199]));
        union.remove(&kept);
        kept.keep(None);
        assert!(kept.is_empty() && !union.is_empty());
        assert_eq!(union, set(&[0, 64, 130]));
        assert!(union.contains(130) && !union.contains(131) && !union.contains(5000));
    }
}
