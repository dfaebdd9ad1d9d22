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
        can_tell_repeats: true,
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

fn replied(code: u16, step: MailStep) -> Answer {
    Answer::Replied {
        code,
        step,
        excerpt: String::new(),
    }
}

#[test]
fn every_reply_of_a_mail_server_has_its_action() {
    let now = at_second(0);
    for step in [
        MailStep::Session,
        MailStep::Login,
        MailStep::Envelope,
        MailStep::Content,
    ] {
        for code in 0..=999 {
            let is_account = matches!(code, 530 | 534 | 535 | 538);
            let expected = match (code, step) {
                (200..=299, MailStep::Content) => "delivered",
                (500..=599, MailStep::Content) if !is_account => "degrade",
                (500..=599, _) => "dead",
                _ => "retry",
            };
            let is = match classify(&replied(code, step), &tried(1), now) {
                Action::Delivered => "delivered",
                Action::Dead { .. } => "dead",
                Action::Retry { .. } => "retry",
                Action::Degrade => "degrade",
            };
            assert_eq!(is, expected, "{code} to {step:?}");
        }
    }
}

#[test]
fn a_refused_account_stops_the_lane_and_a_refused_recipient_does_not() {
    let lane = |code, step| match classify(&replied(code, step), &tried(1), at_second(0)) {
        Action::Dead { reason, lane } => (reason, lane),
        other => panic!("{other:?}"),
    };
    let unauthorized = (DeadReason::Unauthorized, Lane::Stopped);
    assert_eq!(lane(535, MailStep::Login), unauthorized);
    assert_eq!(lane(530, MailStep::Envelope), unauthorized);
    let refused = (DeadReason::Refused, Lane::Open);
    assert_eq!(lane(550, MailStep::Envelope), refused);
    assert_eq!(lane(554, MailStep::Session), refused);
}

#[test]
fn a_mail_server_that_is_unwell_slows_its_lane_and_a_greylisted_recipient_does_not() {
    let action = |code, step| classify(&replied(code, step), &tried(3), at_second(0));
    let (_, lane) = retry_at(&action(421, MailStep::Session));
    assert!(matches!(lane, Lane::PausedUntil(_)));
    let (_, lane) = retry_at(&action(450, MailStep::Envelope));
    assert_eq!(lane, Lane::Open);
}

#[test]
fn success_that_is_a_failure_in_words_is_judged_by_what_the_words_mean() {
    let now = at_second(0);
    let failed = |meaning, retry_after: Option<i64>| {
        let answer = Answer::FailedInWords {
            status: 200,
            meaning,
            retry_after: retry_after.map(TimeDelta::seconds),
            excerpt: String::new(),
        };
        classify(&answer, &tried(1), now)
    };
    for meaning in 0..=999 {
        let expected = match meaning {
            200..=299 => Action::Degrade,
            _ => classify(&responded(meaning, None), &tried(1), now),
        };
        assert_eq!(failed(meaning, None), expected, "{meaning}");
    }
    assert_eq!(
        failed(429, Some(7)),
        classify(&responded(429, Some(7)), &tried(1), now)
    );
}

#[test]
fn what_may_have_arrived_is_not_repeated_where_nobody_can_tell_and_little_is_at_stake() {
    let unknown = Answer::Unknown {
        detail: String::new(),
    };
    for (can_tell_repeats, severity, is_resolve, repeats) in [
        (true, Severity::Low, false, true),
        (false, Severity::Low, false, false),
        (false, Severity::Low, true, true),
        (false, Severity::Medium, false, true),
        (false, Severity::Emergency, false, true),
    ] {
        let tries = Tries {
            can_tell_repeats,
            urgency: Urgency {
                is_resolve,
                severity,
                class: 1,
            },
            ..tried(1)
        };
        let action = classify(&unknown, &tries, at_second(0));
        let expected = Action::Dead {
            reason: DeadReason::Unknown,
            lane: Lane::Open,
        };
        assert_eq!(action != expected, repeats, "{tries:?}");
        assert_eq!(tries.may_repeat(), repeats);
    }
}
