//! Interpolation as Prometheus does it (`promql/quantile.go`): for showing, never for deciding.

use super::{Bucket, Histogram};

impl Histogram {
    /// The value that a share `q` of the observations does not exceed, interpolated linearly inside
    /// its bucket; `q` above 1 is +Inf and below 0 is -Inf, as in Prometheus.
    ///
    /// With `rank = q × total`, bucket `i` the first whose count is at least the rank and `lo` the
    /// bound before it (0 for a first bucket that ends above 0):
    /// `lo + (le_i − lo) × (rank − c_{i−1}) ÷ (c_i − c_{i−1})`. A rank in the last bucket is answered
    /// by the highest finite bound, one in a first bucket that ends at or below 0 by that bound. The
    /// error is bounded by the bucket's width only.
    ///
    /// `None` where Prometheus says NaN: `q` is NaN, no observation, fewer than two buckets, or none
    /// that ends at +Inf. Where it divides nothing by nothing (`q` = 0 with an empty first bucket)
    /// the answer is the start of that bucket.
    ///
    /// ```
    /// use sre_core::count::Count;
    /// use sre_core::histogram::Histogram;
    ///
    /// let count = |n| Count::events(n).ok_or("fits");
    /// let histogram = Histogram::new([
    ///     ("0.1".parse()?, count(60)?),
    ///     ("0.5".parse()?, count(90)?),
    ///     ("+Inf".parse()?, count(100)?),
    /// ])?;
    /// // The 75th of 100 lies in the middle of the bucket that ends at 0.5.
    /// assert_eq!(histogram.quantile(0.75), Some(0.1 + (0.5 - 0.1) * (15.0 / 30.0)));
    /// assert_eq!(histogram.quantile(0.99), Some(0.5)); // more than that, and nobody knows how much
    /// assert_eq!(Histogram::new([])?.quantile(0.5), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total = self
            .total()
            .filter(|total| !total.is_zero())?;
        let finite = self.finite();
        let highest = finite.last()?.le.value();
        if q.is_nan() {
            return None;
        }
        if !(0.0..=1.0).contains(&q) {
            return Some(if q < 0.0 {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            });
        }
        let rank = q * total.as_f64();
        let Some(place) = finite
            .iter()
            .position(|bucket| bucket.count.as_f64() >= rank)
        else {
            return Some(highest);
        };
        let bucket = finite.get(place)?;
        let (before, start) = match place
            .checked_sub(1)
            .and_then(|i| finite.get(i))
        {
            Some(before) => (before.count.as_f64(), before.le.value()),
            None if bucket.le.value() <= 0.0 => return Some(bucket.le.value()),
            None => (0.0, 0.0),
        };
        let inside = bucket.count.as_f64() - before;
        if inside <= 0.0 {
            return Some(start);
        }
        let (end, part) = (bucket.le.value(), (rank - before) / inside);
        let width = end - start;
        // A bucket may be wider than any number: then each end by its part.
        Some(if width.is_finite() {
            start + width * part
        } else {
            start * (1.0 - part) + end * part
        })
    }

    /// The share of the observations between two values, as `histogram_fraction`: linear inside a
    /// finite bucket; a bucket of infinite width gives nothing to a finite cut; the first bucket
    /// starts at 0 where it ends above 0, else at -Inf.
    ///
    /// `None` without an observation, without a bucket that ends at +Inf, or for NaN.
    #[must_use]
    pub fn fraction(&self, lower: f64, upper: f64) -> Option<f64> {
        let total = self
            .total()
            .filter(|total| !total.is_zero())?
            .as_f64();
        if lower.is_nan() || upper.is_nan() {
            return None;
        }
        if lower >= upper {
            return Some(0.0);
        }
        Some((self.rank_of(upper, total) - self.rank_of(lower, total)).max(0.0) / total)
    }

    /// How many observations lie below a value.
    fn rank_of(&self, value: f64, total: f64) -> f64 {
        let mut start = f64::NEG_INFINITY;
        let mut before = 0.0;
        for (place, bucket) in self.buckets().iter().enumerate() {
            let (le, count) = (bucket.le.value(), bucket.count.as_f64());
            if place == 0 && le > 0.0 {
                start = 0.0;
            }
            if start >= value {
                return before;
            }
            if le > value {
                return match (start.is_finite(), bucket.le.is_finite()) {
                    (true, true) => before + (count - before) * part_of(value, start, le),
                    (true, false) => before,
                    // Beyond the start of a bucket without one: all of it lies before.
                    (false, _) => count,
                };
            }
            (start, before) = (le, count);
        }
        total
    }

    /// The buckets below the last, which ends at +Inf wherever there is a total.
    fn finite(&self) -> &[Bucket] {
        self.buckets()
            .split_last()
            .map_or(&[], |(_, finite)| finite)
    }
}

/// How far a value lies between two others; by halves where they are further apart than any number.
fn part_of(value: f64, start: f64, end: f64) -> f64 {
    let width = end - start;
    if width.is_finite() {
        (value - start) / width
    } else {
        (value / 2.0 - start / 2.0) / (end / 2.0 - start / 2.0)
    }
}
