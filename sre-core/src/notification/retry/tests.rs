use super::*;
use crate::time::at_second;

fn tried(attempts: u32) -> Tries {
    Tries {
        attempts,
        created_at: at_second(0),
        urgency: Urgency {
            is_resolve: false,
            severity: Severity::Critical,
            class: 1,
        },
        is_degraded: false,
        jitter_permille: 999,
    }
}

fn responded(status: u16, retry_after: Option<i64>) -> Answer {
    let retry_after = retry_after.map(TimeDelta::seconds);
    Answer::Responded {
        status,
        retry_after,
        excerpt: String::new(),
    }
}

fn retry_at(action: &Action) -> (i64, Lane) {
    match action {
        Action::Retry { at, lane, .. } => (at.timestamp(), *lane),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_status_has_its_action() {
    let now = at_second(0);
    for status in 0..=999 {
        let action = classify(&responded(status, None), &tried(1), now);
        let expected = match status {
            200..=299 => "delivered",
            300..=399 | 401 | 403 | 410 => "dead",
            408 | 425 | 429 | 500..=999 => "retry",
            _ => "degrade",
        };
        let is = match action {
            Action::Delivered => "delivered",
            Action::Dead { .. } => "dead",
            Action::Retry { .. } => "retry",
            Action::Degrade => "degrade",
        };
        assert_eq!(is, expected, "{status}");
    }
}

#[test]
fn a_rate_limit_pauses_the_whole_lane_for_as_long_as_it_asks() {
    let now = at_second(100);
    for (asked, waits) in [(None, 30), (Some(0), 1), (Some(7), 7), (Some(3_600), 3_600)] {
        let action = classify(&responded(429, asked), &tried(1), now);
        let until = at_second(100 + waits);
        assert_eq!(retry_at(&action), (100 + waits, Lane::PausedUntil(until)));
    }
}

#[test]
fn a_wait_beyond_the_messages_use_stops_the_lane_and_gives_the_message_up() {
    let action = classify(&responded(429, Some(90_000)), &tried(1), at_second(0));
    let lane = Lane::PausedUntil(at_second(90_000));
    assert_eq!(
        action,
        Action::Dead {
            reason: DeadReason::Expired,
            lane
        }
    );
}

#[test]
fn back_off_doubles_up_to_five_minutes() {
    for (attempts, at_most) in [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (99, 300)] {
        let action = classify(&responded(500, None), &tried(attempts), at_second(0));
        let (at, _) = retry_at(&action);
        assert!(
            at <= at_most && at >= at_most * 9 / 10 - 1,
            "{attempts}: {at}"
        );
    }
}

#[test]
fn only_a_try_that_may_have_arrived_marks_the_next() {
    let unknown = Answer::Unknown {
        detail: String::new(),
    };
    let not_sent = Answer::NotSent {
        detail: String::new(),
    };
    let is_unknown = |answer| match classify(answer, &tried(1), at_second(0)) {
        Action::Retry { is_unknown, .. } => is_unknown,
        other => panic!("{other:?}"),
    };
    assert!(is_unknown(&unknown) && !is_unknown(&not_sent) && !is_unknown(&responded(500, None)));
}

#[test]
fn a_message_is_tried_for_as_long_as_it_is_of_use() {
    let late = |urgency, hours: i64| {
        let tries = Tries {
            urgency,
            ..tried(20)
        };
        let action = classify(&responded(500, None), &tries, at_second(hours * 3_600));
        matches!(
            action,
            Action::Dead {
                reason: DeadReason::Expired,
                ..
            }
        )
    };
    let urgency = |is_resolve, severity| Urgency {
        is_resolve,
        severity,
        class: 1,
    };
    assert!(!late(urgency(false, Severity::High), 23) && late(urgency(false, Severity::High), 24));
    assert!(!late(urgency(true, Severity::Low), 71) && late(urgency(true, Severity::Low), 72));
    assert!(!late(urgency(false, Severity::Low), 0) && late(urgency(false, Severity::Low), 1));
}

#[test]
fn what_was_not_sent_because_it_is_past_its_use_is_given_up() {
    let now = at_second(24 * 3_600 + 1);
    assert!(tried(1).is_past_use(now) && !tried(1).is_past_use(at_second(24 * 3_600)));
    let answer = Answer::NotSent {
        detail: String::new(),
    };
    let action = classify(&answer, &tried(1), now);
    assert!(matches!(
        action,
        Action::Dead {
            reason: DeadReason::Expired,
            ..
        }
    ));
}

#[test]
fn a_refused_body_is_degraded_once() {
    let again = Tries {
        is_degraded: true,
        ..tried(1)
    };
    assert_eq!(
        classify(&responded(413, None), &tried(1), at_second(0)),
        Action::Degrade
    );
    assert_eq!(
        classify(&responded(413, None), &again, at_second(0)),
        Action::Dead {
            reason: DeadReason::Refused,
            lane: Lane::Open
        }
    );
}
