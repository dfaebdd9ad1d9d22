//! Numbers that look random and are a function of their seed.

/// Steele, Lea and Flood's `SplitMix64`: three lines, and good enough to choose operations.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let below = mixed % (n as u64).max(1);
        usize::try_from(below).unwrap_or(0)
    }

    /// True so many times of a hundred.
    pub(super) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of these.
    pub(super) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// One of these, if there are any.
    pub(super) fn some<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        if choices.is_empty() {
            None
        } else {
            Some(self.of(choices))
        }
    }

    /// One of these, taken out, if there are any.
    pub(super) fn take<T>(&mut self, held: &mut Vec<T>) -> Option<T> {
        if held.is_empty() {
            None
        } else {
            Some(held.swap_remove(self.below(held.len())))
        }
    }
}
