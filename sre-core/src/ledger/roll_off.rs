//! What leaves a window while time goes on.

use super::prefix::Prefix;
use super::signed;

/// What leaves a window while time goes on: sums since its beginning, at the edges of hours, or of
/// slices where all of the window is held slice by slice.
#[derive(Clone, Copy, Debug)]
pub struct RollOff<'a> {
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) before: Prefix,
    pub(super) after: Prefix,
    /// The second of the first edge.
    pub(super) first: i64,
    /// Seconds between edges.
    pub(super) distance: i64,
    pub(super) edges: &'a [Prefix],
}

/// What has left a window after some time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Left {
    /// The time.
    pub seconds: u32,
    /// Bad events or slices, in millionths.
    pub bad: u64,
    /// All events or slices, in millionths.
    pub total: u64,
}

impl RollOff<'_> {
    /// The last step, after which everything that the window holds now has left it; the first is 0.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.edges.len() + 1
    }

    /// What has left after so many steps.
    #[must_use]
    pub fn at(&self, step: usize) -> Left {
        let edge = step
            .checked_sub(1)
            .map(|edge| (edge, self.edges.get(edge)));
        let (second, sum) = match edge {
            None => (self.begin, self.before),
            Some((edge, Some(sum))) => (self.first + signed(edge) * self.distance, *sum),
            Some((_, None)) => (self.end, self.after),
        };
        let left = sum.minus(&self.before);
        Left {
            seconds: u32::try_from(second - self.begin).unwrap_or(0),
            bad: left.bad,
            total: left.total,
        }
    }
}
