//! Episodes and their transitions: of two writers one wins.

use std::collections::BTreeSet;

use sre_core::alert::{
    Alert, AlertState, AlertType, AlertUpdate, Cleared, Flaps, Identity, Origin, ResolveReason,
    Severity,
};
use sre_core::name::AlertId;
use sre_core::store::{Alerts, Store};

use super::{applied, superseded};
use crate::Verdict;
use crate::fixtures::{
    acknowledged, at, at_micros, destination, detailed_evaluation, fires, fires_again, flapped,
    identity, labels, raised, resolved,
};
use crate::tools::{is_applied, taken_by_many};

/// A new episode is found as it was written.
pub async fn a_new_episode_is_found(store: &dyn Alerts) -> Verdict {
    let opened = fires(&identity(1, AlertType::BurnRate), &[], at(0));
    let alert = applied(store, opened).await?;
    assert_eq!(store.find_alert(alert.id).await?, Some(alert));
    Ok(())
}

/// An id that no episode has is no error and nothing.
pub async fn an_unknown_episode_is_not_found(store: &dyn Alerts) -> Verdict {
    let id = identity(1, AlertType::BurnRate).episode_id(1);
    assert_eq!(store.find_alert(id).await?, None);
    Ok(())
}

/// Every field of an episode comes back, in every state.
pub async fn every_field_of_an_episode_is_kept(store: &dyn Alerts) -> Verdict {
    let identity = Identity {
        origin: Origin::Posted,
        alert_type: AlertType::Other("Disk.Full:eu-1".to_owned()),
        labels: labels(&[
            ("zone", "ä 'b\" \\ 🚀"),
            ("", "x"),
            ("long", &"é".repeat(2_048)),
        ]),
        slo_id: None,
        ..identity(1, AlertType::Health)
    };
    let opened = fires(
        &identity,
        &[destination("ops").id, destination("boss").id],
        at(0),
    );
    let full = Alert {
        severity: Severity::Low,
        message: "Platte „voll“\n\t'\"\\ %_ 🚀".repeat(200),
        starts_at: at_micros(0, 1),
        value: Some(f64::MIN_POSITIVE),
        threshold: Some(-0.1),
        occurrences: i64::MAX.unsigned_abs(),
        last_notified_at: Some(at_micros(1, 2)),
        expires_at: Some(at_micros(3, 4)),
        next_action_at: Some(at_micros(5, 6)),
        rules: detailed_evaluation(at(0)).rules,
        flaps: Flaps {
            history: flapped(),
            since: Some(at_micros(3, 1)),
            cleared: Some(Cleared {
                at: at_micros(4, 1),
                reason: ResolveReason::Timeout,
                by: Some("Zoë".to_owned()),
            }),
        },
        ..opened.alert.clone()
    };
    let mut alert = applied(
        store,
        AlertUpdate {
            alert: full,
            ..opened
        },
    )
    .await?;
    let (seen_at, until) = (at_micros(7, 8), at_micros(9, 10));
    let states = [
        AlertState::Pending {
            since: at_micros(6, 7),
        },
        AlertState::Acknowledged {
            at: seen_at,
            by: Some("Zoë".to_owned()),
            until,
        },
        AlertState::Acknowledged {
            at: seen_at,
            by: None,
            until,
        },
        AlertState::Firing,
        AlertState::Resolved {
            at: until,
            reason: ResolveReason::Manual,
            by: None,
        },
    ];
    for state in states {
        assert_eq!(store.find_alert(alert.id).await?, Some(alert.clone()));
        alert = applied(store, step(&alert, state)).await?;
    }
    assert_eq!(store.find_alert(alert.id).await?, Some(alert));
    Ok(())
}

/// Every reason for which an episode ends is kept.
pub async fn every_reason_of_an_end_is_kept(store: &dyn Alerts) -> Verdict {
    let reasons = [
        ResolveReason::Condition,
        ResolveReason::Manual,
        ResolveReason::Timeout,
        ResolveReason::Superseded,
        ResolveReason::Definition,
        ResolveReason::ClearedPending,
    ];
    for (n, reason) in (1..).zip(reasons) {
        let alert = applied(store, fires(&identity(n, AlertType::NoData), &[], at(0))).await?;
        let ended = AlertState::Resolved {
            at: at(9),
            reason,
            by: Some("Ada".to_owned()),
        };
        let alert = applied(store, step(&alert, ended)).await?;
        assert_eq!(store.find_alert(alert.id).await?, Some(alert));
    }
    Ok(())
}

/// A transition replaces the episode that was read.
pub async fn a_transition_replaces_the_episode(store: &dyn Alerts) -> Verdict {
    let alert = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let alert = applied(store, raised(&alert, &[], at(5))).await?;
    assert_eq!(store.find_alert(alert.id).await?, Some(alert));
    Ok(())
}

/// Of two who read the same transition the second is superseded and leaves no trace, intents
/// included.
pub async fn a_transition_that_was_read_too_early_is_superseded(store: &dyn Store) -> Verdict {
    let ops = destination("ops").id;
    let read = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let first = applied(store, acknowledged(&read, at(5))).await?;
    superseded(store, raised(&read, &[ops], at(6))).await?;
    assert_eq!(store.find_alert(read.id).await?, Some(first));
    assert_eq!(store.ledger(read.id).await?, []);
    Ok(())
}

/// A transition of an episode that is not stored is superseded and no error.
pub async fn a_transition_of_an_unknown_episode_is_superseded(store: &dyn Alerts) -> Verdict {
    let never_stored = fires(&identity(1, AlertType::BurnRate), &[], at(0)).alert;
    superseded(store, resolved(&never_stored, at(5))).await?;
    assert_eq!(
        store
            .find_alert(never_stored.id)
            .await?,
        None
    );
    Ok(())
}

/// An identity has one open episode: a second one is superseded, whatever its number, also while
/// the first is acknowledged.
pub async fn an_identity_has_one_open_episode(store: &dyn Alerts) -> Verdict {
    let alert = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    superseded(store, fires(&alert.identity, &[], at(5))).await?;
    superseded(store, fires_again(&alert, &[], at(5))).await?;
    let alert = applied(store, acknowledged(&alert, at(6))).await?;
    superseded(store, fires_again(&alert, &[], at(7))).await?;
    assert_eq!(
        store
            .find_alert(alert.identity.episode_id(2))
            .await?,
        None
    );
    Ok(())
}

/// An episode that has ended is never opened again, and the next one may begin.
pub async fn the_next_episode_begins_after_the_end(store: &dyn Alerts) -> Verdict {
    let first = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let ended = applied(store, resolved(&first, at(5))).await?;
    superseded(store, fires(&first.identity, &[], at(6))).await?;
    let second = applied(store, fires_again(&ended, &[], at(6))).await?;
    assert_eq!(store.find_alert(ended.id).await?, Some(ended));
    assert_eq!(store.find_alert(second.id).await?, Some(second));
    Ok(())
}

/// A transition and its intents are stored together, in the order of transitions and pending.
pub async fn a_transition_is_stored_with_its_intents(store: &dyn Store) -> Verdict {
    let routes = [destination("ops").id, destination("boss").id];
    let opened = fires(&identity(1, AlertType::BurnRate), &routes, at(0));
    let ended = resolved(&opened.alert, at_micros(5, 1));
    applied(store, opened.clone()).await?;
    applied(store, ended.clone()).await?;
    let ledger = store.ledger(opened.alert.id).await?;
    let transitions: Vec<u64> = ledger
        .iter()
        .map(|record| record.intent.transition)
        .collect();
    assert_eq!(transitions, [1, 1, 2, 2]);
    for intent in opened
        .intents
        .iter()
        .chain(&ended.intents)
    {
        let stored = ledger
            .iter()
            .find(|record| record.intent == *intent);
        let record = stored.expect("the intent is stored as it was written");
        assert_eq!((record.state.as_str(), record.sequence), ("pending", None));
        assert_eq!((&record.reason, record.deliveries.len()), (&None, 0));
    }
    Ok(())
}

/// The same intent twice is one.
pub async fn the_same_intent_twice_is_one(store: &dyn Store) -> Verdict {
    let mut opened = fires(
        &identity(1, AlertType::BurnRate),
        &[destination("ops").id],
        at(0),
    );
    opened
        .intents
        .extend(opened.intents.clone());
    let id = applied(store, opened).await?.id;
    assert_eq!(store.ledger(id).await?.len(), 1);
    assert_eq!(store.depth().await?.intents, 1);
    Ok(())
}

/// What was delivered after an episode was read is not undone by what was decided on the reading:
/// the later delivery stands, and the earlier of the two next actions, so that no repeat is lost.
pub async fn a_transition_does_not_undo_a_delivery(store: &dyn Store) -> Verdict {
    let ops = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&ops), at(0))
        .await?;
    let read = applied(
        store,
        fires(&identity(1, AlertType::BurnRate), &[ops.id], at(0)),
    )
    .await?;
    crate::outbox::deliver_next(store, 3, Some(at(900))).await?;
    let (acknowledged, wanted) = (acknowledged(&read, at(5)), Some(at(900)));
    assert!(acknowledged.alert.next_action_at > wanted);
    applied(store, acknowledged).await?;
    let stored = store
        .find_alert(read.id)
        .await?
        .expect("it is stored");
    assert_eq!(
        (stored.last_notified_at, stored.next_action_at),
        (Some(at(3)), wanted)
    );

    let read = crate::fixtures::due_at(&stored, at(1_000));
    applied(store, read).await?;
    let stored = store
        .find_alert(stored.id)
        .await?
        .expect("it is stored");
    assert_eq!(
        stored.next_action_at,
        Some(at(1_000)),
        "decided after the delivery: taken as it is"
    );
    applied(
        store,
        resolved(
            &Alert {
                last_notified_at: None,
                ..stored.clone()
            },
            at(9),
        ),
    )
    .await?;
    let ended = store
        .find_alert(stored.id)
        .await?
        .expect("it is stored");
    assert_eq!(
        (ended.last_notified_at, ended.next_action_at),
        (Some(at(3)), None)
    );
    Ok(())
}

/// Of many who open the same trouble at the same time one does; of many who move the same episode
/// one does.
pub async fn concurrent_writers_never_share_a_transition(store: &dyn Alerts) -> Verdict {
    let opened = fires(&identity(1, AlertType::BurnRate), &[], at(0));
    let ended = resolved(&opened.alert, at(5));
    for update in [&opened, &ended] {
        let winners = taken_by_many(8, async |_| {
            let answer = store
                .apply(update)
                .await
                .expect("answers");
            if is_applied(answer) {
                vec![()]
            } else {
                Vec::new()
            }
        });
        assert_eq!(winners.len(), 1);
    }
    assert_eq!(store.find_alert(ended.alert.id).await?, Some(ended.alert));
    Ok(())
}

/// The episode in another state, one transition later.
fn step(alert: &Alert, state: AlertState) -> AlertUpdate {
    AlertUpdate {
        expected: Some(alert.transition),
        from: Some(alert.state.status()),
        alert: Alert {
            state,
            transition: alert.transition + 1,
            ..alert.clone()
        },
        slot: Some(at(0)),
        at: at(5),
        actor: Some("Ada".to_owned()),
        comment: Some("„gesehen“".to_owned()),
        intents: Vec::new(),
        join: None,
    }
}

/// Pages that are open are found, and those that ended after an instant; tickets and what is less grave
/// are not.
pub async fn pages_that_are_open_or_ended_lately_are_found(store: &dyn Store) -> Verdict {
    let of = |slo, alert_type| fires(&identity(slo, alert_type), &[], at(0));
    let open = of(1, AlertType::BurnRate);
    let (ended, long_over) = (of(2, AlertType::BurnRate), of(3, AlertType::BurnRate));
    let ticket = of(4, AlertType::SloViolation);
    let mut mild = of(5, AlertType::NoData);
    mild.alert.severity = Severity::High;
    let (mut pending, mut cleared) = (of(6, AlertType::BurnRate), of(7, AlertType::BurnRate));
    for told_to_nobody in [&mut pending, &mut cleared] {
        told_to_nobody.alert.state = AlertState::Pending { since: at(0) };
    }
    let seen = of(8, AlertType::BurnRate);
    for update in [
        &open, &ended, &long_over, &ticket, &mild, &pending, &cleared, &seen,
    ] {
        assert!(is_applied(store.apply(update).await?));
    }
    applied(store, acknowledged(&seen.alert, at(1))).await?;
    let never_fired = AlertState::Resolved {
        at: at(12),
        reason: ResolveReason::ClearedPending,
        by: None,
    };
    let cleared = AlertUpdate {
        alert: Alert {
            state: never_fired,
            transition: 2,
            ..cleared.alert.clone()
        },
        expected: Some(1),
        at: at(12),
        ..cleared
    };
    applied(store, cleared).await?;
    for (update, second) in [(&ended, 11), (&long_over, 10)] {
        let over = resolved(&update.alert, at(second));
        assert!(is_applied(store.apply(&over).await?));
    }
    let found: BTreeSet<AlertId> = store
        .pages_since(at(10))
        .await?
        .into_iter()
        .map(|alert| alert.id)
        .collect();
    let expected = [open, ended, seen].map(|update| update.alert.id);
    assert_eq!(found, BTreeSet::from(expected));
    Ok(())
}
