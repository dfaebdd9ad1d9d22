//! Whether this machine's clock can be right.

use chrono::{DateTime, TimeDelta, Utc};

use super::Finding;

/// A clock before this is not set: the program is younger.
const BUILT_AFTER: i64 = 1_735_689_600;

/// The difference that nothing depends on: what a request takes, and the whole seconds of a `Date`.
const NEGLIGIBLE: TimeDelta = TimeDelta::seconds(2);

/// Looks at the clock, and at how far those of others are ahead of it.
pub fn clock(now: DateTime<Utc>, ahead: Option<(&str, TimeDelta)>, delay: TimeDelta) -> Finding {
    let check = "clock";
    if now.timestamp() < BUILT_AFTER {
        let advice = "set it, and keep it with NTP: every slice and alert has its instant from it";
        return Finding::fault(check, format!("it says {now:?}"), advice);
    }
    let Some((whose, ahead)) = ahead else {
        return Finding::ok(check, format!("{now:?}; nobody was there to compare with"));
    };
    let off = ahead.abs();
    let way = if ahead > TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    let seen = format!("{} s {way} {whose}", off.num_seconds());
    if off <= NEGLIGIBLE {
        Finding::ok(
            check,
            format!("agrees with {whose} within {} s", NEGLIGIBLE.num_seconds()),
        )
    } else if off < delay {
        Finding::warning(check, seen, "keep both clocks with NTP")
    } else {
        let advice = "keep both clocks with NTP: slices close before what was scraped in them is \
                      there, or long after";
        Finding::fault(check, seen, advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let verdict = |seconds| {
            let ahead = Some(("Prometheus", TimeDelta::seconds(seconds)));
            clock(now, ahead, TimeDelta::seconds(10)).verdict
        };
        for (seconds, expected) in [
            (0, Verdict::Ok),
            (-2, Verdict::Ok),
            (3, Verdict::Warning),
            (-9, Verdict::Warning),
            (10, Verdict::Fault),
            (-3_600, Verdict::Fault),
        ] {
            assert_eq!(verdict(seconds), expected, "{seconds} s");
        }
        let unset = clock(DateTime::UNIX_EPOCH, None, TimeDelta::seconds(10));
        assert_eq!(unset.verdict, Verdict::Fault);
    }
}
