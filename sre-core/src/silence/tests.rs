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
