//! Quantiles of a few figures, by nearest rank: each is one of the figures.

/// The middle, the slow and the slowest of some figures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Quantiles<T> {
    /// Half of them are no larger.
    pub p50: T,
    /// Nine in ten are no larger.
    pub p90: T,
    /// The largest.
    pub max: T,
}

impl<T: Copy + Ord> Quantiles<T> {
    /// The quantiles of these figures; `None` where there are none.
    pub(super) fn of(figures: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut figures: Vec<T> = figures.into_iter().collect();
        figures.sort_unstable();
        let rank = |percent: usize| {
            let rank = (figures.len() * percent).div_ceil(100);
            figures
                .get(rank.saturating_sub(1))
                .copied()
        };
        Some(Self {
            p50: rank(50)?,
            p90: rank(90)?,
            max: rank(100)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_figures_that_were_there() {
        let of = |figures: &[u32]| {
            let quantiles = Quantiles::of(figures.iter().copied())?;
            Some((quantiles.p50, quantiles.p90, quantiles.max))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some((7, 7, 7)));
        assert_eq!(of(&[9, 1]), Some((1, 9, 9)));
        assert_eq!(of(&[10, 1, 9, 2, 8, 3, 7, 4, 6, 5]), Some((5, 9, 10)));
    }
}
