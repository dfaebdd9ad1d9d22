use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::time::at_second;

const FIRST: SilenceId = SilenceId(Uuid::from_u128(1));
const OTHER: SilenceId = SilenceId(Uuid::from_u128(2));

fn asked(matchers: &str, from: i64, to: i64) -> SilenceRequest {
    SilenceRequest {
        matchers: matchers.parse().expect("matchers"),
        starts_at: at_second(from),
        ends_at: at_second(to),
        recurrence: None,
        created_by: "ada".to_owned(),
        comment: "the database moves".to_owned(),
    }
}

fn silence(from: i64, to: i64) -> Silence {
    Silence::new(FIRST, asked("service=checkout", from, to), at_second(0)).expect("a silence")
}

#[test]
fn what_would_silence_everything_nothing_or_nobodys_wish_is_refused() {
    let refused = |asked: SilenceRequest| Silence::new(FIRST, asked, at_second(100)).err();
    for all in ["", "{}", "a=~\".*\"", "a!=b", "a=\"\"", "a!~b,c=\"\""] {
        assert_eq!(
            refused(asked(all, 100, 200)),
            Some(InvalidSilence::Everything),
            "{all}"
        );
    }
    let one = |from, to| refused(asked("a=b", from, to));
    assert_eq!(one(200, 199), Some(InvalidSilence::Backwards));
    assert_eq!(one(50, 100), Some(InvalidSilence::Past));
    assert_eq!(one(100, 101), None);
    assert_eq!(one(100, 100 + 366 * 86_400), None);
    assert_eq!(one(100, 101 + 366 * 86_400), Some(InvalidSilence::TooLong));
    let unsigned = SilenceRequest {
        created_by: " ".to_owned(),
        ..asked("a=b", 100, 200)
    };
    assert_eq!(refused(unsigned), Some(InvalidSilence::Unsigned));
    let unexplained = SilenceRequest {
        comment: String::new(),
        ..asked("a=b", 100, 200)
    };
    assert_eq!(refused(unexplained), Some(InvalidSilence::Unsigned));
}

#[test]
fn what_was_to_begin_in_the_past_begins_when_it_is_asked_for() {
    let late = Silence::new(FIRST, asked("a=b", -500, 60), at_second(10)).expect("a silence");
    assert_eq!(late.starts_at, at_second(10));
}

#[test]
fn expiring_ends_it_at_once_and_a_second_time_changes_nothing() {
    for (from, now) in [(0, 30), (50, 30)] {
        let ended = silence(from, 60).expire(Some("bob".to_owned()), at_second(now));
        assert_eq!(ended.state(at_second(now)), SilenceState::Expired);
        assert_eq!((ended.ends_at, ended.version), (at_second(now), 2));
        assert!(ended.starts_at <= ended.ends_at);
        let again = ended
            .clone()
            .expire(None, at_second(40));
        assert_eq!(again, ended);
    }
}

#[test]
fn an_active_silence_may_change_its_end_and_comment() {
    let edited = SilenceRequest {
        comment: "it takes longer".to_owned(),
        ..asked("service=checkout", 0, 600)
    };
    let Ok(SilenceEdit::Kept(kept)) = silence(0, 60).edit(edited, OTHER, at_second(30)) else {
        panic!("it is the same silence");
    };
    assert_eq!((kept.id, kept.version), (FIRST, 2));
    assert_eq!(
        (kept.starts_at, kept.ends_at),
        (at_second(0), at_second(600))
    );
    assert_eq!(kept.comment, "it takes longer");
    assert_eq!(kept.updated_at, at_second(30));
}

#[test]
fn an_active_silence_cannot_end_in_the_past() {
    let edited = silence(0, 60).edit(asked("service=checkout", 0, 30), OTHER, at_second(30));
    assert_eq!(edited, Err(InvalidSilence::Past));
}

#[test]
fn anything_else_ends_it_and_makes_another() {
    let changes = [
        asked("service=cart", 0, 60),
        asked("service=checkout,severity=low", 0, 60),
        asked("service=checkout", 45, 60),
    ];
    for change in changes {
        let edited = silence(0, 60).edit(change.clone(), OTHER, at_second(30));
        let Ok(SilenceEdit::Replaced { ended, successor }) = edited else {
            panic!("{change:?} is another silence");
        };
        assert_eq!((ended.id, successor.id), (FIRST, OTHER));
        assert_eq!(ended.state(at_second(30)), SilenceState::Expired);
        assert_eq!(successor.matchers, change.matchers);
        assert_eq!(successor.starts_at, change.starts_at.max(at_second(30)));
    }
    let over = silence(0, 60).edit(asked("service=checkout", 70, 90), OTHER, at_second(61));
    assert!(
        matches!(over, Ok(SilenceEdit::Replaced { ended, .. }) if ended.ends_at == at_second(60))
    );
}

#[test]
fn a_pending_silence_may_be_moved() {
    let edited = silence(50, 60).edit(asked("service=checkout", 40, 90), OTHER, at_second(30));
    assert!(matches!(edited, Ok(SilenceEdit::Kept(kept))
        if kept.starts_at == at_second(40) && kept.ends_at == at_second(90)));
}

/// Two hours at half past two, the time of day that changes of the clocks skip or repeat.
fn nightly(rule: &str, start: &str, zone: &str) -> Recurrence {
    Recurrence::new(rule, start, Span::hours(2), zone).expect("a rule")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn recurring(recurrence: Recurrence, from: &str, to: &str) -> SilenceRequest {
    SilenceRequest {
        starts_at: at(from),
        ends_at: at(to),
        recurrence: Some(recurrence),
        ..asked("service=checkout", 0, 0)
    }
}

#[test]
fn a_silence_that_recurs_holds_at_its_occurrences_and_lets_go_between_them() {
    let sundays = nightly(
        "FREQ=WEEKLY;BYDAY=SU",
        "2024-03-24T02:30:00",
        "Europe/Berlin",
    );
    let now = at("2024-03-20T00:00:00Z");
    let wished = recurring(sundays, "2024-03-20T00:00:00Z", "2024-04-08T00:00:00Z");
    let silence = Silence::new(FIRST, wished, now).expect("a silence");
    assert_eq!(
        (silence.starts_at, silence.ends_at),
        (at("2024-03-24T01:30:00Z"), at("2024-04-07T02:30:00Z")),
        "from the first occurrence to the end of the last"
    );
    // On 31 March there is no 02:30: it begins at 03:30, the first instant after the gap and the
    // minutes that were in it.
    let states = [
        ("2024-03-20T00:00:00Z", SilenceState::Pending),
        ("2024-03-24T01:30:00Z", SilenceState::Active),
        ("2024-03-24T03:29:59Z", SilenceState::Active),
        ("2024-03-24T03:30:00Z", SilenceState::Pending),
        ("2024-03-31T01:29:59Z", SilenceState::Pending),
        ("2024-03-31T01:30:00Z", SilenceState::Active),
        ("2024-03-31T03:30:00Z", SilenceState::Pending),
        ("2024-04-07T00:30:00Z", SilenceState::Active),
        ("2024-04-07T02:30:00Z", SilenceState::Expired),
    ];
    for (instant, state) in states {
        assert_eq!(silence.state(at(instant)), state, "{instant}");
    }
    let next = silence
        .next(at("2024-03-25T00:00:00Z"))
        .expect("it comes again");
    assert_eq!(next.start(), at("2024-03-31T01:30:00Z"));
    assert_eq!(silence.next(silence.ends_at), None);
}

#[test]
fn what_recurs_needs_an_occurrence_and_ends_within_a_year_of_the_first() {
    let daily = || nightly("FREQ=DAILY", "2024-05-01T02:30:00", "Etc/UTC");
    let now = at("2024-03-01T00:00:00Z");
    let made = |to| Silence::new(FIRST, recurring(daily(), "2024-03-01T00:00:00Z", to), now);
    assert_eq!(
        made("2024-05-01T02:30:00Z"),
        Err(InvalidSilence::NeverOccurs)
    );
    let cut = made("2024-05-01T03:00:00Z").expect("half an hour of the first");
    assert_eq!(cut.ends_at, at("2024-05-01T03:00:00Z"));
    let latest = SilenceRequest::latest_end(&daily(), now).expect("an instant");
    assert_eq!(latest, at("2025-05-02T02:30:00Z"));
    assert!(made("2025-05-02T02:30:00Z").is_ok());
    assert_eq!(made("2025-05-02T02:30:01Z"), Err(InvalidSilence::TooLong));
}

#[test]
fn between_its_occurrences_a_silence_is_changed_as_one_that_has_begun() {
    let daily = |zone| nightly("FREQ=DAILY", "2024-03-01T02:30:00", zone);
    let (from, to) = ("2024-03-01T00:00:00Z", "2024-03-20T00:00:00Z");
    let made = Silence::new(FIRST, recurring(daily("Etc/UTC"), from, to), at(from));
    let silence = made.expect("a silence");
    let noon = at("2024-03-05T12:00:00Z");
    assert_eq!(silence.state(noon), SilenceState::Pending);
    let longer = recurring(daily("Etc/UTC"), from, "2024-03-25T00:00:00Z");
    let edited = silence
        .clone()
        .edit(longer, OTHER, noon);
    assert!(
        matches!(&edited, Ok(SilenceEdit::Kept(kept))
            if kept.ends_at == at("2024-03-24T04:30:00Z") && kept.starts_at == silence.starts_at),
        "{edited:?}"
    );
    let elsewhere = recurring(daily("Asia/Tokyo"), from, to);
    let edited = silence.edit(elsewhere, OTHER, noon);
    assert!(
        matches!(edited, Ok(SilenceEdit::Replaced { ended, successor })
        if ended.state(noon) == SilenceState::Expired && successor.recurrence.is_some())
    );
}

proptest! {
    /// In zones whose clocks change by an hour, by half an hour and at midnight: at every instant it
    /// is active if and only if an occurrence of its rule goes on, and each day has one.
    #[test]
    fn a_silence_that_recurs_is_active_where_its_rule_says(
        zone in prop::sample::select(vec!["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"]),
        hour in 0_u32..24,
        minute in prop::sample::select(vec![0_u32, 15, 30, 45]),
        hours in 1_u32..24,
        probe in 0_i64..360 * 86_400,
    ) {
        let start = format!("2024-01-01T{hour:02}:{minute:02}:00");
        let rule = Recurrence::new("FREQ=DAILY", &start, Span::hours(hours), zone).expect("a rule");
        let from = rule.first().start();
        let wished = SilenceRequest {
            starts_at: from,
            ends_at: SilenceRequest::latest_end(&rule, from).expect("an instant"),
            recurrence: Some(rule.clone()),
            ..asked("service=checkout", 0, 0)
        };
        let silence = Silence::new(FIRST, wished, from).expect("a silence");
        let now = from + TimeDelta::seconds(probe);
        let around = Interval::new(now - TimeDelta::days(3), now + TimeDelta::days(3));
        let occurrences = rule.during(around);
        let goes_on = occurrences.iter().any(|one| one.contains(now));
        prop_assert_eq!(silence.state(now) == SilenceState::Active, goes_on);
        let next = silence.next(now).expect("it comes again");
        prop_assert!(next.end() > now && next.start() <= now + TimeDelta::hours(25));
        prop_assert_eq!(next.start() <= now, goes_on);
        prop_assert_eq!(silence.state(next.start()), SilenceState::Active);
        let begun = occurrences.windows(2).all(|pair| pair[0].start() < pair[1].start());
        prop_assert!(begun, "a local time that comes twice begins once");
    }
}
