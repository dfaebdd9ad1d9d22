//! When what fires began. A burn rule fires once enough is gone: the trouble is older than the alert,
//! and what it cost until then is part of what the incident cost.

use chrono::{DateTime, Utc};

use crate::alert::AlertUpdate;
use crate::hour::Hour;
use crate::ledger::Ledger;
use crate::policy::BurnRule;
use crate::slice::Slice;
use crate::target::Target;

/// The beginning of the last run of slices each of which burnt by itself faster than the rule's
/// factor, within its long window. Slices that nobody measured, or without any event, do not end a
/// run. `None` where no slice did.
#[must_use]
pub fn onset(ledger: &Ledger, rule: &BurnRule, target: Target) -> Option<DateTime<Utc>> {
    let step = ledger.width().span().as_delta();
    let earliest = ledger.end() - rule.long.as_delta();
    let mut begun = None;
    let mut held: Option<Hour> = None;
    let mut start = ledger.end() - step;
    while start >= earliest {
        let hour = held
            .take()
            .filter(|hour| hour.start() == Hour::floor(start))
            .or_else(|| ledger.fine_hour(start));
        let Some(hour) = hour else { break };
        match hour.slice_at(start) {
            Slice::Measured(counts)
                if rule
                    .factor
                    .is_exceeded_by(counts, target) =>
            {
                begun = Some(start);
            }
            Slice::Measured(counts) if begun.is_some() && !counts.total().is_zero() => break,
            Slice::Measured(_) | Slice::Unmeasured => {}
        }
        held = Some(hour);
        start -= step;
    }
    begun
}

/// Lets the incidents that these alerts open begin where the gravest of their rules began to burn.
pub(crate) fn begin_at_onset(alerts: &mut [AlertUpdate], ledger: &Ledger, target: Target) {
    for update in alerts {
        let gravest = update
            .alert
            .rules
            .iter()
            .max_by_key(|outcome| (outcome.rule.level, outcome.rule.factor));
        let began = gravest.and_then(|outcome| onset(ledger, &outcome.rule, target));
        let opening = update
            .join
            .as_mut()
            .and_then(|join| join.opening.as_mut());
        if let Some((began, opening)) = began.zip(opening) {
            let incident = &mut opening.incident;
            incident.started_at = incident.started_at.min(began);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::Counts;
    use crate::policy::BurnLevel;
    use crate::slice::SliceWidth;
    use crate::time::{Span, at_second};

    /// A ledger with slices of so many bad events of a hundred; `None` for one that nobody measured.
    fn ledger(bad: &[Option<u64>]) -> Ledger {
        let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::hours(3), at_second(0));
        for (minute, bad) in (0..).zip(bad) {
            let slice = bad.map_or(Slice::Unmeasured, |bad| {
                Slice::Measured(Counts::events(100 - bad, 100).unwrap())
            });
            ledger
                .append(at_second(60 * minute), slice)
                .unwrap();
        }
        ledger
    }

    /// Minutes from the beginning; the target is 99 % and the factor 10, so 11 bad of 100 are too
    /// many.
    fn began(bad: &[Option<u64>]) -> Option<i64> {
        let rule = BurnRule {
            level: BurnLevel::Critical,
            factor: "10".parse().unwrap(),
            long: Span::minutes(10),
            short: Span::minutes(2),
            min_share: None,
        };
        onset(&ledger(bad), &rule, "99".parse().unwrap()).map(|at| at.timestamp() / 60)
    }

    #[test]
    fn it_began_with_the_first_slice_of_the_run() {
        assert_eq!(
            began(&[Some(0), Some(1), Some(50), Some(11), Some(90)]),
            Some(2)
        );
        assert_eq!(began(&[Some(50), Some(0), Some(50), Some(50)]), Some(2));
    }

    #[test]
    fn a_run_that_is_over_still_began_when_it_did() {
        assert_eq!(
            began(&[Some(0), Some(50), Some(50), Some(0), Some(1)]),
            Some(1)
        );
    }

    #[test]
    fn what_nobody_measured_ends_no_run() {
        assert_eq!(began(&[Some(0), Some(50), None, Some(50)]), Some(1));
    }

    #[test]
    fn it_did_not_begin_before_the_long_window() {
        assert_eq!(began(&[Some(50); 30]), Some(20));
    }

    #[test]
    fn without_a_slice_that_burnt_nothing_began() {
        assert_eq!(began(&[Some(0), Some(10)]), None);
        assert_eq!(began(&[None, None]), None);
    }
}
