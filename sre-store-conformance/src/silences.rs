//! The laws of [`Silences`], and of what a silence keeps from being sent.

use sre_core::correction::Recurrence;
use sre_core::name::SilenceId;
use sre_core::silence::{Silence, SilenceState};
use sre_core::store::{Judged, Page, SilenceQuery, Silences, Store, StoreError};
use sre_core::suppression::Holder;
use sre_core::time::Span;
use uuid::Uuid;

use crate::Verdict;
use crate::fixtures::{at, at_micros, silence};
use crate::outbox::{group, groups, only_record, opened, send, with_ops};
use crate::tools::is_applied;

/// Matchers, instants (to the microsecond), people and texts come back as they were written.
pub async fn every_field_of_a_silence_is_kept(store: &dyn Silences) -> Verdict {
    let written = Silence {
        matchers: r#"a="x\"y",b=~"c|d",e!="",f!~"(?i)g.*""#
            .parse()
            .expect("matchers"),
        ends_at: at_micros(60, 999_999),
        comment: "two\nlines 'ä\"".to_owned(),
        expired_by: Some("ä'\"".to_owned()),
        ..silence(1, 0, 60)
    };
    store.create_silence(&written).await?;
    assert_eq!(store.find_silence(written.id).await?, Some(written));
    let unknown = SilenceId(Uuid::from_u128(9));
    assert_eq!(store.find_silence(unknown).await?, None);
    Ok(())
}

/// Of two silences with one id the second is refused, and the first stands.
pub async fn the_id_of_a_silence_is_used_once(store: &dyn Silences) -> Verdict {
    let first = silence(1, 0, 60);
    store.create_silence(&first).await?;
    let refused = store
        .create_silence(&silence(1, 0, 90))
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict { what: "id" })));
    assert_eq!(store.find_silence(first.id).await?, Some(first));
    Ok(())
}

/// A change of another version than the one before is refused, and so is one of what is not there:
/// nothing of either is stored, a successor included.
pub async fn a_stale_change_of_a_silence_changes_nothing(store: &dyn Silences) -> Verdict {
    let first = silence(1, 0, 60);
    let successor = silence(2, 10, 60);
    let missing = first.clone().expire(None, at(10));
    let refused = store
        .change_silence(&missing, Some(&successor))
        .await;
    assert!(matches!(
        refused,
        Err(StoreError::NotFound { what: "silence" })
    ));
    store.create_silence(&first).await?;
    let ended = first.clone().expire(None, at(10));
    store
        .change_silence(&ended, None)
        .await?;
    let refused = store
        .change_silence(&ended, Some(&successor))
        .await;
    assert!(matches!(
        refused,
        Err(StoreError::Conflict { what: "version" })
    ));
    assert_eq!(store.find_silence(first.id).await?, Some(ended));
    assert_eq!(store.find_silence(successor.id).await?, None);
    Ok(())
}

/// A silence and the one that takes its place are stored together.
pub async fn a_silence_ends_with_the_beginning_of_its_successor(store: &dyn Silences) -> Verdict {
    let first = silence(1, 0, 60);
    store.create_silence(&first).await?;
    let ended = first.expire(Some("bob".to_owned()), at(10));
    let successor = silence(2, 10, 90);
    store
        .change_silence(&ended, Some(&successor))
        .await?;
    assert_eq!(
        ids(store
            .active_silences(at(10))
            .await?
            .items),
        [2]
    );
    assert_eq!(store.find_silence(ended.id).await?, Some(ended));
    Ok(())
}

/// Silences are listed by state, as of an instant, in the order of their ids, a page at a time; those
/// that are active are found whatever else there is.
pub async fn silences_are_listed_by_state(store: &dyn Silences) -> Verdict {
    for (n, from, to) in [
        (4, 0, 10),
        (2, 0, 60),
        (3, 30, 60),
        (1, 30, 90),
        (5, 10, 31),
    ] {
        store
            .create_silence(&silence(n, from, to))
            .await?;
    }
    let listed = async |state, second, after: Option<u128>| {
        let query = SilenceQuery {
            state,
            now: at(second),
            ends_after: None,
        };
        let page = Page {
            after: after.map(|after| SilenceId(Uuid::from_u128(after))),
            ..Page::first(Page::<SilenceId>::LIMIT_MAX)
        };
        store
            .list_silences(&query, page)
            .await
            .map(ids)
    };
    assert_eq!(listed(None, 0, None).await?, [1, 2, 3, 4, 5]);
    assert_eq!(listed(None, 0, Some(3)).await?, [4, 5]);
    assert_eq!(listed(Some(SilenceState::Pending), 10, None).await?, [1, 3]);
    assert_eq!(listed(Some(SilenceState::Active), 10, None).await?, [2, 5]);
    assert_eq!(listed(Some(SilenceState::Expired), 10, None).await?, [4]);
    assert_eq!(
        listed(Some(SilenceState::Expired), 60, Some(2)).await?,
        [3, 4, 5]
    );
    let active = store.active_silences(at(30)).await?;
    assert!(active.faults.is_empty());
    assert_eq!(ids(active.items), [1, 2, 3, 5]);
    Ok(())
}

/// What was over before an instant is left out where that is asked for, page by page.
pub async fn silences_that_ended_long_ago_are_left_out(store: &dyn Silences) -> Verdict {
    for (n, from, to) in [(1, 0, 10), (2, 0, 20), (3, 0, 30), (4, 50, 60), (5, 0, 21)] {
        store
            .create_silence(&silence(n, from, to))
            .await?;
    }
    let listed = async |state, limit: u32, after: Option<u128>| {
        let query = SilenceQuery {
            state,
            now: at(40),
            ends_after: Some(at(20)),
        };
        let page = Page {
            after: after.map(|after| SilenceId(Uuid::from_u128(after))),
            limit: limit.try_into().expect("some"),
        };
        store
            .list_silences(&query, page)
            .await
            .map(ids)
    };
    assert_eq!(listed(None, 9, None).await?, [3, 4, 5]);
    assert_eq!(listed(None, 2, None).await?, [3, 4]);
    assert_eq!(listed(None, 2, Some(4)).await?, [5]);
    let expired = Some(SilenceState::Expired);
    assert_eq!(listed(expired, 9, None).await?, [3, 5]);
    assert_eq!(listed(Some(SilenceState::Active), 9, None).await?, []);
    Ok(())
}

/// A silence that recurs is active at its occurrences and pending between them, in lists too, whose
/// pages are full as long as there is more.
pub async fn a_silence_that_recurs_is_listed_by_its_occurrences(store: &dyn Silences) -> Verdict {
    let hourly = |n| Silence {
        recurrence: Some(daily_at_noon()),
        ..silence(n, 0, 10 * DAY)
    };
    for n in [1, 2, 3] {
        store.create_silence(&hourly(n)).await?;
    }
    for n in [4, 5] {
        store
            .create_silence(&silence(n, 0, 10 * DAY))
            .await?;
    }
    assert_eq!(
        store.find_silence(hourly(1).id).await?,
        Some(hourly(1)),
        "its rule is kept"
    );
    let listed = async |state, second, limit: u32| {
        let query = SilenceQuery {
            state: Some(state),
            now: at(second),
            ends_after: None,
        };
        let limit = limit.try_into().expect("some");
        store
            .list_silences(&query, Page::first(limit))
            .await
            .map(ids)
    };
    let (during, between) = (2 * DAY + 3_599, 2 * DAY + 3_600);
    let (active, pending) = (SilenceState::Active, SilenceState::Pending);
    assert_eq!(listed(active, during, 9).await?, [1, 2, 3, 4, 5]);
    assert_eq!(listed(pending, during, 9).await?, []);
    assert_eq!(listed(active, between, 9).await?, [4, 5]);
    assert_eq!(listed(active, between, 1).await?, [4], "a full page");
    assert_eq!(listed(pending, between, 2).await?, [1, 2]);
    assert_eq!(
        listed(SilenceState::Expired, 10 * DAY, 9).await?,
        [1, 2, 3, 4, 5]
    );
    let active = async |second| {
        store
            .active_silences(at(second))
            .await
            .map(|read| ids(read.items))
    };
    assert_eq!(active(during).await?, [1, 2, 3, 4, 5]);
    assert_eq!(active(between).await?, [4, 5]);
    Ok(())
}

/// What is active is what is stored, however often it was looked at: after a change as changed, after
/// the end no more.
pub async fn a_change_of_a_silence_is_seen_at_once(store: &dyn Silences) -> Verdict {
    let first = silence(1, 0, 60);
    store.create_silence(&first).await?;
    for _ in 0..2 {
        let read = store.active_silences(at(10)).await?;
        assert_eq!(read.items, std::slice::from_ref(&first));
    }
    let changed = Silence {
        version: 2,
        comment: "it takes longer".to_owned(),
        ..first
    };
    store
        .change_silence(&changed, None)
        .await?;
    store
        .create_silence(&silence(2, 0, 60))
        .await?;
    let read = store.active_silences(at(10)).await?;
    assert_eq!(read.items, [changed.clone(), silence(2, 0, 60)]);
    store
        .change_silence(&changed.expire(None, at(20)), None)
        .await?;
    assert_eq!(
        ids(store
            .active_silences(at(20))
            .await?
            .items),
        [2]
    );
    Ok(())
}

/// The hour from noon of each day, in UTC.
fn daily_at_noon() -> Recurrence {
    let start = "2000-01-01T12:00:00";
    Recurrence::new("FREQ=DAILY", start, Span::hours(1), "Etc/UTC").expect("a rule")
}

/// A day, in seconds.
const DAY: i64 = 86_400;

/// What a silence keeps back is pending and says what keeps it, until it is judged again at its end;
/// and when it is sent it is kept by nothing.
pub async fn what_a_silence_keeps_back_names_it(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let held = silence(1, 0, 60);
    store.create_silence(&held).await?;
    assert!(keep(store, &held).await?);
    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("pending", Some("silenced"))
    );
    assert_eq!(record.held_by, Some(Holder::Silence(held.id)));
    assert_eq!(groups(store, 59).await?, []);
    assert_eq!(groups(store, 60).await?.len(), 1);
    send(store, 60).await?;
    assert_eq!(
        only_record(store, &alert)
            .await?
            .held_by,
        None
    );
    Ok(())
}

/// When a silence ends or changes, what it kept back is due at once; what another keeps stays.
pub async fn the_end_of_a_silence_makes_due_what_it_kept_back(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let (held, other) = (silence(1, 0, 60), silence(2, 0, 60));
    store.create_silence(&held).await?;
    store.create_silence(&other).await?;
    assert!(keep(store, &held).await?);
    store
        .change_silence(&other.expire(None, at(10)), None)
        .await?;
    assert_eq!(groups(store, 10).await?, []);
    store
        .change_silence(&held.expire(None, at(20)), None)
        .await?;
    assert_eq!(groups(store, 19).await?, []);
    assert_eq!(groups(store, 20).await?.len(), 1);
    Ok(())
}

/// A silence that has ended since the dispatcher read it keeps nothing back.
pub async fn a_silence_that_ended_meanwhile_keeps_nothing_back(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let held = silence(1, 0, 60);
    assert!(!keep(store, &held).await?, "it is not stored");
    store.create_silence(&held).await?;
    store
        .change_silence(&held.clone().expire(None, at(10)), None)
        .await?;
    assert!(!keep(store, &held).await?);
    assert_eq!(groups(store, 10).await?.len(), 1);
    Ok(())
}

/// Puts off what is due until the silence ends; whether that stands.
async fn keep(store: &dyn Store, silence: &Silence) -> Result<bool, StoreError> {
    let group = group(store, 0).await?;
    let by = Holder::Silence(silence.id);
    let judged = Judged::Postpone {
        intents: group
            .intents
            .iter()
            .map(|intent| intent.id)
            .collect(),
        until: silence.ends_at,
        rule: by.rule(),
        by: Some(by),
    };
    Ok(is_applied(store.settle(&judged, at(0)).await?))
}

fn ids(silences: Vec<Silence>) -> Vec<u128> {
    silences
        .into_iter()
        .map(|silence| silence.id.0.as_u128())
        .collect()
}
