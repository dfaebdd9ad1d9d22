use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::correction::Recurrence;
use crate::time::{Span, at_second};

fn maintenance(period: Period) -> Maintenance {
    Maintenance {
        id: MaintenanceId(Uuid::from_u128(1)),
        version: 1,
        services: BTreeSet::from(["checkout".parse().expect("a name")]),
        matchers: Matchers::default(),
        period,
        comment: "the database moves".to_owned(),
        created_by: "ada".to_owned(),
        created_at: at_second(0),
        ended_at: None,
        ended_by: None,
    }
}

fn recurring(rule: &str, start: &str, hours: u32, zone: &str) -> Maintenance {
    let recurrence = Recurrence::new(rule, start, Span::hours(hours), zone).expect("a rule");
    maintenance(Period::Recurring(recurrence))
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A zone, a rule, the first local start, how many hours; whether it goes on at these instants.
type AcrossTime = (
    &'static str,
    &'static str,
    &'static str,
    u32,
    &'static [(&'static str, bool)],
);

const ACROSS_TIME: &[AcrossTime] = &[
    // Clocks go forward at 01:00 UTC: 02:30 is skipped, and it begins an hour later on the wall.
    (
        "Europe/Berlin",
        "FREQ=WEEKLY;BYDAY=SU",
        "2026-03-22T02:30:00",
        1,
        &[
            ("2026-03-22T01:29:59Z", false),
            ("2026-03-22T01:30:00Z", true),
            ("2026-03-29T01:29:59Z", false),
            ("2026-03-29T01:30:00Z", true),
            ("2026-03-29T02:29:59Z", true),
            ("2026-03-29T02:30:00Z", false),
            ("2026-04-05T00:30:00Z", true),
        ],
    ),
    // Clocks go back at 06:00 UTC: 01:30 comes twice, and it begins at the first.
    (
        "America/New_York",
        "FREQ=DAILY",
        "2026-10-30T01:30:00",
        1,
        &[
            ("2026-11-01T05:29:59Z", false),
            ("2026-11-01T05:30:00Z", true),
            ("2026-11-01T06:29:59Z", true),
            ("2026-11-01T06:30:00Z", false),
            ("2026-11-02T06:30:00Z", true),
        ],
    ),
    // The other half of the year, half an hour of change, and the last day of the month.
    (
        "Australia/Lord_Howe",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "2026-01-31T02:00:00",
        2,
        &[
            ("2026-02-27T15:00:00Z", true),
            ("2026-02-27T17:00:00Z", false),
            ("2026-04-29T15:30:00Z", true),
            ("2026-04-29T15:29:59Z", false),
            ("2026-10-30T15:00:00Z", true),
        ],
    ),
];

#[test]
fn it_goes_on_by_the_clocks_of_its_zone_on_both_changes_and_at_the_end_of_the_month() {
    for (zone, rule, start, hours, instants) in ACROSS_TIME {
        let planned = recurring(rule, start, *hours, zone);
        for (at, goes_on) in *instants {
            assert_eq!(
                planned
                    .occurrence(instant(at))
                    .is_some(),
                *goes_on,
                "{zone} {at}"
            );
        }
    }
}

#[test]
fn what_is_ended_early_holds_no_more_and_ending_twice_changes_nothing() {
    let planned = recurring("FREQ=DAILY", "2026-01-01T00:00:00", 2, "Etc/UTC");
    let now = instant("2026-01-03T00:30:00Z");
    assert_eq!(planned.state(now), MaintenanceState::Active);
    let ended = planned.end(Some("bob".to_owned()), now);
    assert_eq!(ended.state(now), MaintenanceState::Past);
    assert_eq!(
        (ended.occurrence(now), ended.next(now, TimeDelta::days(9))),
        (None, None)
    );
    assert_eq!(
        ended
            .clone()
            .end(None, now + TimeDelta::hours(1)),
        ended
    );
}

#[test]
fn between_occurrences_it_lies_ahead_and_says_when() {
    let planned = recurring("FREQ=DAILY", "2026-01-01T00:00:00", 2, "Etc/UTC");
    let now = instant("2026-01-03T02:00:00Z");
    assert_eq!(planned.state(now), MaintenanceState::Ahead);
    let next = planned
        .next(now, TimeDelta::days(9))
        .expect("tomorrow's");
    assert_eq!(next.start(), instant("2026-01-04T00:00:00Z"));
}

#[test]
fn it_concerns_the_alerts_of_its_services_that_its_matchers_choose() {
    let once = Period::once(at_second(0), at_second(60)).expect("a period");
    let labels = BTreeMap::from([("zone".to_owned(), "a".to_owned())]);
    let (checkout, cart) = (
        "checkout".parse().expect("a name"),
        "cart".parse().expect("a name"),
    );
    let all = maintenance(once);
    assert!(all.concerns(&checkout, &labels) && !all.concerns(&cart, &labels));
    let some = Maintenance {
        matchers: "zone=b".parse().expect("matchers"),
        ..all.clone()
    };
    assert!(!some.concerns(&checkout, &labels));
    let anywhere = Maintenance {
        services: BTreeSet::new(),
        matchers: "zone=a".parse().expect("matchers"),
        ..all
    };
    assert!(anywhere.concerns(&cart, &labels));
}
