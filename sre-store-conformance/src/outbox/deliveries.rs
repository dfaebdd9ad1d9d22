//! Messages as they stand: listed, sent again, and missed by whom they were for.

use std::num::NonZeroU32;

use sre_core::alert::{Alert, AlertType};
use sre_core::name::DeliveryId;
use sre_core::notification::{
    DeadReason, Delivery, Fallback, IntentKind, Lane, Subject, ToldState,
};
use sre_core::store::{
    Attempt, DeliveryQuery, DeliveryRecord, DeliveryStatus, Judged, LaneFault, Missed, OverdueKind,
    Page, Recorded, Replay, Store, StoreError,
};
use uuid::Uuid;

use super::{
    applied, delivered, expired, only_record, opened, ops, record, recorded, refused, send, try_at,
    unknown, with_ops,
};
use crate::Verdict;
use crate::fixtures::{
    announced, at, attempt, destination, due_at, fires, first_try, frozen, goes_on, identity,
    notice, resend, resolved,
};
use crate::tools::{MANY, is_applied};

const WHOLE: NonZeroU32 = NonZeroU32::new(100).expect("is not zero");

async fn listed(
    store: &dyn Store,
    query: DeliveryQuery,
) -> Result<Vec<DeliveryRecord>, StoreError> {
    store
        .list_deliveries(&query, Page::first(WHOLE))
        .await
}

async fn found(store: &dyn Store, id: DeliveryId) -> Result<DeliveryRecord, StoreError> {
    let found = store.find_delivery(id).await?;
    Ok(found.expect("it is stored"))
}

/// A page that opened at noon for `ops`, and whose first message was given up for this reason.
async fn died(store: &dyn Store, reason: DeadReason) -> Result<(Alert, Delivery), StoreError> {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, Recorded::Dead { reason }).await?;
    Ok((alert, frozen.delivery))
}

/// The same message again, under another id.
fn again(delivery: &Delivery, second: i64) -> Replay {
    Replay {
        of: delivery.id,
        delivery: Delivery {
            id: DeliveryId(Uuid::from_u128(
                delivery.id.0.as_u128() ^ u128::from(second.unsigned_abs()),
            )),
            body: b"again".to_vec(),
            created_at: at(second),
            ..delivery.clone()
        },
    }
}

/// Messages come the last frozen first, with all that is known of them.
pub async fn messages_are_listed_from_the_last(store: &dyn Store) -> Verdict {
    let (_, dead) = died(store, DeadReason::Expired).await?;
    opened(store, 2).await?;
    let pending = send(store, 5).await?;
    let all = listed(store, DeliveryQuery::default()).await?;
    let deliveries: Vec<&Delivery> = all
        .iter()
        .map(|record| &record.delivery)
        .collect();
    assert_eq!(deliveries, [&pending.delivery, &dead]);
    assert_eq!(
        (all[1].status, all[1].reason.as_deref()),
        (DeliveryStatus::Dead, Some("expired"))
    );
    assert_eq!((all[1].attempts.len(), all[1].next_attempt_at), (1, None));
    assert_eq!(
        (all[0].status, &all[0].reason, all[0].replay_of),
        (DeliveryStatus::Pending, &None, None)
    );
    assert_eq!(found(store, dead.id).await?, all[1]);
    let first = Page {
        after: None,
        limit: NonZeroU32::MIN,
    };
    let first = store
        .list_deliveries(&DeliveryQuery::default(), first)
        .await?;
    assert_eq!(first, all[..1]);
    let rest = Page {
        after: Some(first[0].number),
        limit: WHOLE,
    };
    let rest = store
        .list_deliveries(&DeliveryQuery::default(), rest)
        .await?;
    assert_eq!(rest, all[1..]);
    Ok(())
}

/// A message is found by its state and its destination; one that gave way to its minimal form is
/// not among the dead.
pub async fn messages_are_listed_by_state_and_destination(store: &dyn Store) -> Verdict {
    let (_, dead) = died(store, DeadReason::Refused).await?;
    opened(store, 2).await?;
    let refused = send(store, 5).await?;
    let minimal = resend(&refused.delivery, at(6));
    let result = Recorded::Degraded {
        resend: minimal.clone(),
    };
    record(store, &first_try(&refused), 6, result).await?;
    let by = |state, destination_id| DeliveryQuery {
        state,
        destination_id,
    };
    let ids = |records: Vec<DeliveryRecord>| -> Vec<DeliveryId> {
        records
            .iter()
            .map(|record| record.delivery.id)
            .collect()
    };
    let is_dead = Some(DeliveryStatus::Dead);
    assert_eq!(ids(listed(store, by(is_dead, None)).await?), [dead.id]);
    assert_eq!(
        ids(listed(store, by(is_dead, Some(ops()))).await?),
        [dead.id]
    );
    let boss = Some(destination("boss").id);
    assert_eq!(ids(listed(store, by(is_dead, boss)).await?), []);
    assert_eq!(ids(listed(store, by(None, boss)).await?), []);
    assert_eq!(
        ids(listed(store, by(None, Some(ops()))).await?),
        [minimal.id, refused.delivery.id, dead.id]
    );
    let is_pending = Some(DeliveryStatus::Pending);
    let pending = listed(store, by(is_pending, None)).await?;
    assert!(pending[0].is_degraded);
    assert_eq!(ids(pending), [minimal.id]);
    assert_eq!(
        listed(store, by(Some(DeliveryStatus::Delivered), None)).await?,
        []
    );
    Ok(())
}

/// A dead message is sent again once: what it carried is under way, then told.
pub async fn a_dead_message_is_sent_again(store: &dyn Store) -> Verdict {
    let (alert, dead) = died(store, DeadReason::Expired).await?;
    let replay = again(&dead, 60);
    assert!(is_applied(store.replay(&replay).await?));
    assert!(!is_applied(store.replay(&again(&dead, 61)).await?));
    assert_eq!(only_record(store, &alert).await?.state, "frozen");
    let claimed = try_at(store, 60).await?;
    assert_eq!(claimed.delivery, replay.delivery);
    assert!(!claimed.is_possible_duplicate && claimed.attempts == 1);
    record(store, &claimed, 61, delivered()).await?;
    let stored = found(store, replay.delivery.id).await?;
    assert_eq!(
        (stored.status, stored.replay_of, stored.sent_at),
        (DeliveryStatus::Delivered, Some(dead.id), Some(at(61)))
    );
    let told = only_record(store, &alert).await?;
    assert_eq!(
        (told.state.as_str(), told.deliveries.len()),
        ("delivered", 2)
    );
    // It has been told: the end is owed, and nothing is left to send again.
    assert!(!is_applied(store.replay(&again(&dead, 62)).await?));
    applied(store, resolved(&alert, at(70))).await?;
    assert!(super::told(store, 70).await?.is_some());
    Ok(())
}

/// What has ended since it was read is not told as firing: its end is judged already, and nobody would
/// hear it.
pub async fn what_has_ended_is_not_sent_again_as_firing(store: &dyn Store) -> Verdict {
    let (alert, dead) = died(store, DeadReason::Expired).await?;
    applied(store, resolved(&alert, at(50))).await?;
    let replay = again(&dead, 60);
    assert!(!is_applied(store.replay(&replay).await?));
    assert_eq!(found(store, dead.id).await?.status, DeliveryStatus::Dead);
    let mut as_ended = replay;
    if let Subject::Alerts { parts, .. } = &mut as_ended.delivery.subject {
        parts[0].tells = ToldState::Resolved;
    }
    assert!(is_applied(store.replay(&as_ended).await?));
    Ok(())
}

/// What is not dead is not sent again.
pub async fn only_a_dead_message_is_sent_again(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    assert!(!is_applied(
        store
            .replay(&again(&frozen.delivery, 1))
            .await?
    ));
    record(store, &first_try(&frozen), 2, delivered()).await?;
    assert!(!is_applied(
        store
            .replay(&again(&frozen.delivery, 3))
            .await?
    ));
    let unheard_of = again(&again(&frozen.delivery, 4).delivery, 5);
    assert!(!is_applied(store.replay(&unheard_of).await?));
    Ok(())
}

/// A message that may have arrived says so when it is sent again.
pub async fn what_may_have_arrived_is_marked_when_it_is_sent_again(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, unknown(10)).await?;
    record(store, &try_at(store, 10).await?, 11, expired()).await?;
    let replay = again(&frozen.delivery, 60);
    assert!(is_applied(store.replay(&replay).await?));
    assert!(
        try_at(store, 60)
            .await?
            .is_possible_duplicate
    );
    Ok(())
}

/// A dead notice is sent again like any other message.
pub async fn a_dead_notice_is_sent_again(store: &dyn Store) -> Verdict {
    let notice = notice(1, with_ops(store).await?, at(0));
    store
        .add_notices(std::slice::from_ref(&notice))
        .await?;
    let frozen = announced(&notice, at(0));
    store
        .settle(&Judged::Send(frozen.clone()), at(0))
        .await?;
    record(store, &first_try(&frozen), 1, expired()).await?;
    let replay = again(&frozen.delivery, 60);
    assert!(is_applied(store.replay(&replay).await?));
    record(store, &try_at(store, 60).await?, 61, delivered()).await?;
    let record = store
        .find_notice(notice.id)
        .await?
        .expect("it is stored");
    assert_eq!(
        (record.state.as_str(), record.deliveries.len()),
        ("delivered", 2)
    );
    Ok(())
}

async fn fault(store: &dyn Store) -> Result<Option<LaneFault>, StoreError> {
    let [lane] = store
        .lanes(at(0))
        .await?
        .try_into()
        .expect("one lane");
    Ok(lane.broken)
}

/// The first message that is given up breaks its destination, and one that arrives mends it.
pub async fn a_destination_is_broken_until_a_message_arrives(store: &dyn Store) -> Verdict {
    died(store, DeadReason::Refused).await?;
    let broken = Some(LaneFault {
        since: at(1),
        because: "refused".to_owned(),
    });
    assert_eq!(fault(store).await?, broken);
    opened(store, 2).await?;
    let second = send(store, 5).await?;
    record(store, &first_try(&second), 6, expired()).await?;
    assert_eq!(fault(store).await?, broken, "it was broken before");
    opened(store, 3).await?;
    let third = send(store, 10).await?;
    record(store, &first_try(&third), 11, delivered()).await?;
    assert_eq!(fault(store).await?, None);
    Ok(())
}

/// A lane that is stopped is broken until its configuration changes, whatever still arrives.
pub async fn a_stopped_destination_is_broken_until_it_is_configured_anew(
    store: &dyn Store,
) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let first = send(store, 0).await?;
    opened(store, 2).await?;
    let second = send(store, 0).await?;
    let dead = Recorded::Dead {
        reason: DeadReason::Unauthorized,
    };
    let stops = Attempt {
        lane: Lane::Stopped,
        ..attempt(&first_try(&first), at(1), dead)
    };
    recorded(store, stops).await?;
    record(store, &first_try(&second), 2, delivered()).await?;
    assert!(fault(store).await?.is_some());
    let mut changed = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&changed), at(3))
        .await?;
    assert!(fault(store).await?.is_some());
    "another".clone_into(&mut changed.fingerprint);
    store
        .register_destinations(&[changed], at(4))
        .await?;
    assert_eq!(fault(store).await?, None);
    Ok(())
}

/// Of a message that may have arrived nobody can say that it was not taken.
pub async fn what_may_have_arrived_breaks_no_destination(store: &dyn Store) -> Verdict {
    died(store, DeadReason::Unknown).await?;
    assert_eq!(fault(store).await?, None);
    Ok(())
}

/// `boss` is told in place of `ops`, after two quick retries.
fn to_boss() -> Fallback {
    Fallback {
        of: ops(),
        to: vec![destination("boss").id],
        quick_retries: 2,
    }
}

async fn missed(store: &dyn Store, second: i64) -> Result<Vec<Missed>, StoreError> {
    store
        .missed(&[to_boss()], at(second), MANY)
        .await
}

/// What was given up is missed at once, until the fallback has an intent of something later.
pub async fn what_was_given_up_is_missed_until_the_fallback_hears(store: &dyn Store) -> Verdict {
    let (alert, _) = died(store, DeadReason::Unauthorized).await?;
    let expected = Missed {
        alert_id: alert.id,
        destination_id: ops(),
        kind: IntentKind::Fire,
    };
    assert_eq!(missed(store, 1).await?, std::slice::from_ref(&expected));
    assert_eq!(missed(store, 86_401).await?, [], "it is of no use any more");
    let heard = goes_on(&alert, &[destination("boss").id], at(2));
    let alert = applied(store, heard).await?;
    assert_eq!(missed(store, 2).await?, []);
    // What comes after that is missed again.
    let later = goes_on(&alert, &[ops()], at(3));
    applied(store, later).await?;
    let frozen = send(store, 3).await?;
    record(store, &first_try(&frozen), 4, expired()).await?;
    let [again] = missed(store, 4)
        .await?
        .try_into()
        .expect("one");
    assert_eq!((again.alert_id, again.kind), (alert.id, IntentKind::Repeat));
    Ok(())
}

/// What has not arrived is missed after a minute, or after its quick retries.
pub async fn what_does_not_arrive_is_missed_after_a_while(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    assert_eq!(missed(store, 59).await?, []);
    assert_eq!(missed(store, 60).await?.len(), 1);
    record(store, &first_try(&frozen), 1, refused(2)).await?;
    record(store, &try_at(store, 2).await?, 2, refused(3)).await?;
    assert_eq!(missed(store, 3).await?, [], "one quick retry is left");
    record(store, &try_at(store, 3).await?, 3, refused(4)).await?;
    assert_eq!(missed(store, 4).await?.len(), 1);
    record(store, &try_at(store, 4).await?, 4, delivered()).await?;
    assert_eq!(missed(store, 600).await?, []);
    Ok(())
}

/// What a lane holds back is missed at once where it is stopped, and after a minute where it is
/// paused for longer.
pub async fn what_a_lane_holds_back_is_missed(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let paused = Attempt {
        lane: Lane::PausedUntil(at(300)),
        ..attempt(&first_try(&frozen), at(1), delivered())
    };
    recorded(store, paused).await?;
    opened(store, 2).await?;
    assert_eq!(missed(store, 59).await?, []);
    assert_eq!(missed(store, 60).await?.len(), 1);
    assert_eq!(missed(store, 300).await?, [], "it is about to be told");
    Ok(())
}

fn fallback(of: &str, to: &[&str]) -> Fallback {
    Fallback {
        of: destination(of).id,
        to: to
            .iter()
            .map(|name| destination(name).id)
            .collect(),
        ..to_boss()
    }
}

/// All of a fallback are to hear, and it is missed until they have.
pub async fn what_is_missed_is_missed_until_all_of_the_fallback_hear(store: &dyn Store) -> Verdict {
    let (alert, _) = died(store, DeadReason::Unauthorized).await?;
    let fallbacks = [fallback("ops", &["boss", "night"])];
    let mut alert = alert;
    for (heard, left) in [("boss", 1), ("night", 0)] {
        let missed = store
            .missed(&fallbacks, at(2), MANY)
            .await?;
        assert_eq!(missed.len(), 1, "before {heard} hears");
        let heard = goes_on(&alert, &[destination(heard).id], at(2));
        alert = applied(store, heard).await?;
        let missed = store
            .missed(&fallbacks, at(2), MANY)
            .await?;
        assert_eq!(missed.len(), left);
    }
    Ok(())
}

/// What came in place of another destination does not fall back again, and takes no room of what does:
/// the oldest of all that is missed come first, whoever missed them.
pub async fn what_fell_back_once_is_not_missed_again(store: &dyn Store) -> Verdict {
    let (boss, night) = (destination("boss"), destination("night"));
    store
        .register_destinations(&[destination("ops"), boss.clone(), night], at(-1))
        .await?;
    let fallbacks = [fallback("boss", &["night"]), fallback("ops", &["boss"])];
    // The first episode goes to ops and falls back to boss; the second goes to boss, the third to ops.
    let mut open = Vec::new();
    for (slo, to) in [(1, ops()), (2, boss.id), (3, ops())] {
        let second = i64::try_from(slo).expect("small");
        let fired = fires(&identity(slo, AlertType::BurnRate), &[to], at(second));
        open.push(applied(store, fired).await?);
    }
    applied(store, goes_on(&open[0], &[boss.id], at(1))).await?;
    for group in super::groups(store, 3).await? {
        let frozen = frozen(&group, at(3));
        let judged = Judged::Send(frozen.clone());
        assert!(is_applied(store.settle(&judged, at(3)).await?));
        record(store, &first_try(&frozen), 3, expired()).await?;
    }
    let missed = async |limit| -> Result<Vec<_>, StoreError> {
        let missed = store
            .missed(&fallbacks, at(4), limit)
            .await?;
        Ok(missed
            .into_iter()
            .map(|missed| (missed.alert_id, missed.destination_id))
            .collect())
    };
    let expected = [(open[1].id, boss.id), (open[2].id, ops())];
    assert_eq!(missed(MANY).await?, expected);
    assert_eq!(missed(1).await?, expected[..1]);
    Ok(())
}

/// What a dead message and its dead replay both carry is missed once.
pub async fn what_was_given_up_twice_is_missed_once(store: &dyn Store) -> Verdict {
    let (_, dead) = died(store, DeadReason::Refused).await?;
    let replay = again(&dead, 60);
    assert!(is_applied(store.replay(&replay).await?));
    record(store, &try_at(store, 60).await?, 61, expired()).await?;
    assert_eq!(missed(store, 62).await?.len(), 1);
    Ok(())
}

/// What has ended is not missed: who did not hear of it is not told its end.
pub async fn what_has_ended_is_not_missed(store: &dyn Store) -> Verdict {
    let (alert, _) = died(store, DeadReason::Unauthorized).await?;
    applied(store, resolved(&alert, at(5))).await?;
    assert_eq!(missed(store, 6).await?, []);
    Ok(())
}

/// What nobody falls back from is missed by nobody.
pub async fn without_a_fallback_nothing_is_missed(store: &dyn Store) -> Verdict {
    died(store, DeadReason::Unauthorized).await?;
    assert_eq!(store.missed(&[], at(1), MANY).await?, []);
    let elsewhere = Fallback {
        of: destination("boss").id,
        ..to_boss()
    };
    assert_eq!(
        store
            .missed(&[elsewhere], at(1), MANY)
            .await?,
        []
    );
    Ok(())
}

async fn overdue(store: &dyn Store, second: i64) -> Result<Vec<(OverdueKind, i64)>, StoreError> {
    let overdue = store.overdue(at(second), MANY).await?;
    Ok(overdue
        .iter()
        .map(|overdue| (overdue.kind, (overdue.since - at(0)).num_seconds()))
        .collect())
}

/// A message that is to be tried is overdue from then on, unless it is claimed or its lane waits.
pub async fn a_message_that_nobody_tries_is_overdue(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    assert_eq!(overdue(store, 59).await?, [], "it is claimed");
    record(store, &first_try(&frozen), 1, refused(10)).await?;
    assert_eq!(overdue(store, 10).await?, [], "it is due just then");
    assert_eq!(overdue(store, 11).await?, [(OverdueKind::Delivery, 10)]);
    let claimed = try_at(store, 20).await?;
    assert_eq!(overdue(store, 79).await?, []);
    let paused = Attempt {
        lane: Lane::PausedUntil(at(300)),
        ..attempt(&claimed, at(21), refused(30))
    };
    recorded(store, paused).await?;
    assert_eq!(overdue(store, 299).await?, [], "its lane waits");
    assert_eq!(overdue(store, 300).await?, [(OverdueKind::Delivery, 30)]);
    record(store, &try_at(store, 300).await?, 301, delivered()).await?;
    assert_eq!(overdue(store, 9_000).await?, []);
    Ok(())
}

/// An open episode that time was to move is overdue, unless somebody has claimed it; one that has ended
/// is not.
pub async fn an_alert_that_nobody_moves_is_overdue(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let alert = applied(store, due_at(&alert, at(100))).await?;
    assert_eq!(overdue(store, 100).await?, []);
    assert_eq!(overdue(store, 101).await?, [(OverdueKind::Alert, 100)]);
    store
        .claim_due_alerts("one", at(101), at(200), MANY)
        .await?;
    assert_eq!(overdue(store, 199).await?, []);
    assert_eq!(overdue(store, 200).await?, [(OverdueKind::Alert, 100)]);
    applied(store, resolved(&alert, at(201))).await?;
    assert_eq!(overdue(store, 9_000).await?, []);
    Ok(())
}
