//! The line that a latency must hold, exact to the nanosecond.

use std::time::Duration;

use crate::threshold::{Operator, Threshold};

/// A threshold in milliseconds as a duration, so that judging a latency is one comparison of
/// integers.
#[derive(Clone, Copy, Debug)]
pub(super) struct LatencyLine {
    operator: Operator,
    /// `None` below zero, where no latency lies.
    line: Option<Duration>,
}

impl LatencyLine {
    /// The threshold, to the nearest nanosecond.
    pub(super) fn new(threshold: Threshold) -> Self {
        let seconds = threshold.value() / 1_000.0;
        let line = match Duration::try_from_secs_f64(seconds) {
            Ok(line) => Some(line),
            Err(_) if seconds < 0.0 => None,
            Err(_) => Some(Duration::MAX),
        };
        Self {
            operator: threshold.operator(),
            line,
        }
    }

    /// Whether `latency <operator> threshold`.
    pub(super) fn is_held_by(self, latency: Duration) -> bool {
        let Some(line) = self.line else {
            return matches!(self.operator, Operator::Gt | Operator::Gte);
        };
        match self.operator {
            Operator::Gt => latency > line,
            Operator::Gte => latency >= line,
            Operator::Lt => latency < line,
            Operator::Lte => latency <= line,
            Operator::Eq => latency == line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_judged_to_the_nanosecond() {
        let around = [299_999_999, 300_000_000, 300_000_001].map(Duration::from_nanos);
        for (operator, held) in [
            (Operator::Lt, [true, false, false]),
            (Operator::Lte, [true, true, false]),
            (Operator::Gt, [false, false, true]),
            (Operator::Gte, [false, true, true]),
            (Operator::Eq, [false, true, false]),
        ] {
            let line = LatencyLine::new(Threshold::new(operator, 300.0).expect("finite"));
            let found = around.map(|took| line.is_held_by(took));
            assert_eq!(found, held, "{operator:?}");
        }
    }

    #[test]
    fn a_line_where_no_latency_lies_is_held_by_all_or_none() {
        for (operator, value, held) in [
            (Operator::Lt, -1.0, false),
            (Operator::Gte, -1.0, true),
            (Operator::Lt, f64::MAX, true),
            (Operator::Gt, f64::MAX, false),
        ] {
            let line = LatencyLine::new(Threshold::new(operator, value).expect("finite"));
            assert_eq!(
                line.is_held_by(Duration::ZERO),
                held,
                "{operator:?} {value}"
            );
        }
    }
}
