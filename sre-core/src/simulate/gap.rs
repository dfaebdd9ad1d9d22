//! Where nobody measured: what a simulation cannot know.

use chrono::{DateTime, Utc};

use crate::time::{Interval, Span};

/// Gaps as they are found, slice by slice.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    found: Vec<Interval>,
    /// The end of what was measured last.
    known_until: DateTime<Utc>,
}

impl Gaps {
    pub(super) fn new(begin: DateTime<Utc>) -> Self {
        Self {
            found: Vec::new(),
            known_until: begin,
        }
    }

    /// Notes that a slice was measured. Who measures every five minutes leaves
    /// four slices of five empty, and no gap.
    pub(super) fn note_measured(&mut self, slice: Interval, expected: Span) {
        self.close(slice.start(), expected);
        self.known_until = slice.end();
    }

    /// The gaps up to `end`.
    pub(super) fn until(mut self, end: DateTime<Utc>, expected: Span) -> Vec<Interval> {
        self.close(end, expected);
        self.found
    }

    fn close(&mut self, end: DateTime<Utc>, expected: Span) {
        let silence = Interval::new(self.known_until, end);
        if silence.end() - silence.start() >= expected.as_delta() {
            self.found.push(silence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slice::SliceWidth;
    use crate::time::at_second;

    #[test]
    fn what_comes_at_its_pace_leaves_no_gap() {
        let five = Span::minutes(5);
        let mut gaps = Gaps::new(at_second(0));
        for minute in [0, 5, 10, 25] {
            gaps.note_measured(SliceWidth::MINUTE.interval(minute), five);
        }
        let silence = |from: i64, to: i64| Interval::new(at_second(60 * from), at_second(60 * to));
        assert_eq!(
            gaps.clone()
                .until(at_second(1_800), five),
            [silence(11, 25)]
        );
        assert_eq!(
            gaps.until(at_second(3_600), five),
            [silence(11, 25), silence(26, 60)]
        );
    }
}
