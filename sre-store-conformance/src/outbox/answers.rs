//! What comes of a try: for the delivery, the destination and the episode.

use sre_core::alert::Severity;
use sre_core::notification::ToldState;
use sre_core::store::{Commit, NextAction, Recorded, Store};

use super::{
    applied, delivered, expired, group, groups, only_record, opened, record, recorded, refused,
    send, told, try_at, unknown, with_ops,
};
use crate::Verdict;
use crate::fixtures::{at, at_micros, attempt, first_try, goes_on, raised, resend, resolved};
use crate::tools::is_applied;

/// What arrived has told the destination: the delivery and its intent say so, and the episode
/// knows when, and when time moves it next.
pub async fn a_delivered_message_has_told(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let next_action_at = Some(at_micros(900, 1));
    let next = NextAction {
        alert_id: alert.id,
        transition: alert.transition,
        at: next_action_at,
    };
    let result = Recorded::Delivered { next: vec![next] };
    let tried = attempt(&first_try(&frozen), at_micros(2, 1), result);
    recorded(store, tried.clone()).await?;

    let told = store
        .find_alert(alert.id)
        .await?
        .expect("it is stored");
    assert_eq!(told.last_notified_at, Some(at_micros(2, 1)));
    assert_eq!(
        (told.next_action_at, told.transition),
        (next_action_at, alert.transition)
    );
    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("delivered", Some("first"))
    );
    let (delivery, attempts) = &record.deliveries[0];
    assert_eq!(
        (delivery.state.as_str(), delivery.sent_at),
        ("delivered", Some(at_micros(2, 1)))
    );
    assert_eq!(delivery.next_attempt_at, None);
    let begun = sre_core::store::AttemptRecord {
        started_at: at(0),
        ..tried.record
    };
    assert_eq!(attempts[..], [begun]);
    Ok(())
}

/// A repeat is set only while the episode stands where the message spoke of it; that it was
/// delivered is known in any case.
pub async fn a_delivery_moves_its_own_transition_only(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let moved = applied(store, crate::fixtures::acknowledged(&alert, at(1))).await?;
    let next = NextAction {
        alert_id: alert.id,
        transition: 1,
        at: Some(at(900)),
    };
    let result = Recorded::Delivered { next: vec![next] };
    record(store, &first_try(&frozen), 2, result).await?;
    let stored = store
        .find_alert(alert.id)
        .await?
        .expect("it is stored");
    assert_eq!(stored.next_action_at, moved.next_action_at);
    assert_eq!(stored.last_notified_at, Some(at(2)));
    Ok(())
}

/// Time does not move an episode that has ended, though the message of its end arrives.
pub async fn a_delivery_moves_no_ended_episode(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    super::deliver_next(store, 0, None).await?;
    applied(store, resolved(&alert, at(5))).await?;
    super::deliver_next(store, 6, Some(at(900))).await?;
    let stored = store
        .find_alert(alert.id)
        .await?
        .expect("it is stored");
    assert_eq!(
        (stored.next_action_at, stored.last_notified_at),
        (None, Some(at(6)))
    );
    Ok(())
}

/// A delivery to one destination after a later one to another does not set the clock back.
pub async fn the_last_delivery_is_the_latest(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let later = sre_core::alert::Alert {
        last_notified_at: Some(at(60)),
        ..alert.clone()
    };
    applied(store, goes_on(&later, &[], at(1))).await?;
    record(store, &first_try(&frozen), 2, delivered()).await?;
    let stored = store
        .find_alert(alert.id)
        .await?
        .expect("it is stored");
    assert_eq!(stored.last_notified_at, Some(at(60)));
    Ok(())
}

/// What a destination was told is what the message said when it was frozen, not what holds now.
pub async fn what_was_told_is_what_the_message_said(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    applied(store, raised(&alert, &[ops], at(1))).await?;
    record(store, &first_try(&frozen), 2, delivered()).await?;
    let group = group(store, 2).await?;
    let told = group.told.expect("it was told");
    assert_eq!(
        (told.state, told.severity),
        (ToldState::Firing, Severity::Critical)
    );
    assert_eq!(
        (group.alert.severity, group.sequence),
        (Severity::Emergency, 1)
    );
    Ok(())
}

/// A try that another has taken over is superseded: nothing of its answer is stored.
pub async fn a_late_answer_is_superseded(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let second = try_at(store, 60).await?;
    let mut late = attempt(&first_try(&frozen), at(61), delivered());
    late.lane = sre_core::notification::Lane::Stopped;
    assert_eq!(store.record(&late).await?, Commit::Superseded);
    let stored = store
        .find_alert(alert.id)
        .await?
        .expect("it is stored");
    assert_eq!(stored.last_notified_at, None);
    let attempts = only_record(store, &alert)
        .await?
        .deliveries[0]
        .1
        .clone();
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.finished_at.is_none()),
        "{attempts:?}"
    );
    record(store, &second, 62, refused(70)).await?;
    try_at(store, 70).await?;
    Ok(())
}

/// A late answer to a try that nobody has taken over is heard.
pub async fn a_late_answer_of_an_untaken_try_is_heard(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 600, delivered()).await?;
    assert_eq!(only_record(store, &alert).await?.state, "delivered");
    Ok(())
}

/// An answer is heard once, whatever it was, and an answer to an unknown delivery never.
pub async fn an_answer_is_heard_once(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    for (slo, result) in [(1, delivered()), (2, expired())] {
        opened(store, slo).await?;
        let frozen = send(store, 0).await?;
        record(store, &first_try(&frozen), 1, result).await?;
        let again = attempt(&first_try(&frozen), at(2), delivered());
        assert!(!is_applied(store.record(&again).await?));
        let unknown = first_try(&sre_core::store::Frozen {
            delivery: resend(&frozen.delivery, at(2)),
            ..frozen
        });
        assert!(!is_applied(
            store
                .record(&attempt(&unknown, at(2), delivered()))
                .await?
        ));
    }
    Ok(())
}

/// A message that is given up after refusals alone has told nobody: no end is owed.
pub async fn a_message_that_was_refused_has_told_nobody(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, refused(10)).await?;
    record(store, &try_at(store, 10).await?, 11, expired()).await?;
    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("dead", Some("expired"))
    );
    let (delivery, attempts) = &record.deliveries[0];
    assert_eq!(
        (delivery.state.as_str(), delivery.reason.as_deref()),
        ("dead", Some("expired"))
    );
    assert_eq!((delivery.next_attempt_at, delivery.sent_at), (None, None));
    assert_eq!(attempts.len(), 2);
    applied(store, resolved(&alert, at(20))).await?;
    assert_eq!(told(store, 20).await?, None);
    Ok(())
}

/// A message that is given up, and may have arrived once, has told the destination: the end is
/// owed.
pub async fn a_message_that_may_have_arrived_has_told(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, unknown(10)).await?;
    record(store, &try_at(store, 10).await?, 11, expired()).await?;
    let stored = store
        .find_alert(alert.id)
        .await?
        .expect("it is stored");
    assert_eq!(
        stored.last_notified_at, None,
        "nobody knows that it was delivered"
    );
    applied(store, resolved(&alert, at(20))).await?;
    let told = told(store, 20)
        .await?
        .expect("it counts as told");
    assert_eq!(
        (told.alert_id, told.state, told.delivered_at),
        (alert.id, ToldState::Firing, at(11))
    );
    Ok(())
}

/// A message whose last try is unknown, and which is given up with it, has told the destination.
pub async fn a_message_given_up_on_an_unknown_try_has_told(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let mut last = attempt(&first_try(&frozen), at(1), expired());
    last.record.result = Some("unknown".to_owned());
    recorded(store, last).await?;
    applied(store, resolved(&alert, at(20))).await?;
    assert!(told(store, 20).await?.is_some());
    Ok(())
}

/// A message whose holder died in the middle may have arrived.
pub async fn a_message_whose_holder_died_has_told(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    send(store, 0).await?;
    record(store, &try_at(store, 60).await?, 61, expired()).await?;
    applied(store, resolved(&alert, at(70))).await?;
    assert!(told(store, 70).await?.is_some());
    Ok(())
}

/// What a receiver refused is given up, and its intents are carried by a minimal form of it under a
/// new id: due at once, free, and with the same number.
pub async fn a_degraded_resend_carries_the_same_intents(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let minimal = resend(&frozen.delivery, at(1));
    let result = Recorded::Degraded {
        resend: minimal.clone(),
    };
    record(store, &first_try(&frozen), 1, result).await?;
    assert_eq!(groups(store, 1).await?, []);

    let claimed = try_at(store, 1).await?;
    assert_eq!(claimed.delivery, minimal);
    assert!(claimed.is_degraded && !claimed.is_possible_duplicate);
    assert_eq!(claimed.attempts, 1);
    assert_eq!(claimed.delivery.parts(), frozen.delivery.parts());
    record(store, &claimed, 2, delivered()).await?;

    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.sequence),
        ("delivered", Some(1))
    );
    let states: Vec<_> = record
        .deliveries
        .iter()
        .map(|(delivery, attempts)| (delivery.id, delivery.state.as_str(), attempts.len()))
        .collect();
    assert_eq!(
        states,
        [
            (frozen.delivery.id, "dead", 1),
            (minimal.id, "delivered", 1)
        ]
    );
    assert_eq!(record.deliveries[0].0.reason.as_deref(), Some("degraded"));
    applied(store, resolved(&alert, at(5))).await?;
    assert_eq!(
        told(store, 5)
            .await?
            .map(|told| told.delivered_at),
        Some(at(2))
    );
    Ok(())
}

/// What is known of a message's tries holds for its minimal form: it may be a repeat of it, and has
/// told where the first may have arrived.
pub async fn a_degraded_resend_inherits_what_may_have_arrived(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, unknown(10)).await?;
    let resend = resend(&frozen.delivery, at(11));
    let degraded = Recorded::Degraded { resend };
    record(store, &try_at(store, 10).await?, 11, degraded).await?;
    let claimed = try_at(store, 11).await?;
    assert!(claimed.is_possible_duplicate);
    record(store, &claimed, 12, expired()).await?;
    applied(store, resolved(&alert, at(20))).await?;
    assert!(told(store, 20).await?.is_some());
    Ok(())
}

/// The end of an episode that was told is told, and then the destination believes it.
pub async fn a_delivered_end_is_believed(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    super::deliver_next(store, 0, None).await?;
    let ended = applied(store, resolved(&alert, at(5))).await?;
    super::deliver_next(store, 6, None).await?;
    let again = crate::fixtures::fires_again(&ended, &[ops], at(7));
    applied(store, again).await?;
    let told = told(store, 7)
        .await?
        .expect("it was told");
    assert_eq!(
        (told.episode, told.state, told.delivered_at),
        (1, ToldState::Resolved, at(6))
    );
    Ok(())
}
