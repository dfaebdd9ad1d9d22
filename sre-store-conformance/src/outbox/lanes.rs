//! Lanes: a receiver that is slow, broken or gone holds up no other.

use sre_core::alert::{Alert, AlertType};
use sre_core::notification::{Destination, Lane};
use sre_core::store::{ClaimedDelivery, Frozen, Recorded, Store, StoreError};

use super::{
    applied, expired, groups, only_record, opened, recorded, refused, send, tries, unknown,
    with_ops,
};
use crate::Verdict;
use crate::fixtures::{at, at_micros, attempt, destination, fires, first_try, identity, resolved};
use crate::tools::{MANY, is_applied};

/// A paused lane hides its groups and its deliveries until the pause ends: at that instant they are
/// due.
pub async fn a_paused_lane_waits_until_the_pause_ends(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let frozen = waiting(store, Lane::PausedUntil(at(120))).await?;
    assert_eq!(groups(store, 119).await?, []);
    assert_eq!(
        store
            .claim_deliveries(at_micros(119, 999_999), at(180), MANY, &[])
            .await?
            .claimed,
        []
    );
    assert_eq!(groups(store, 120).await?.len(), 1);
    let due = tries(store, 120).await?;
    assert_eq!((due.len(), due[0].delivery.id), (1, frozen.delivery.id));
    Ok(())
}

/// A stopped lane hides its groups and its deliveries for good.
pub async fn a_stopped_lane_waits(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    waiting(store, Lane::Stopped).await?;
    assert_eq!(groups(store, 86_400 * 365).await?, []);
    assert_eq!(tries(store, 86_400 * 365).await?, []);
    Ok(())
}

/// Other lanes go on while one is stopped or paused.
pub async fn other_lanes_go_on(store: &dyn Store) -> Verdict {
    let three = [destination("ops"), destination("boss"), destination("chat")];
    store
        .register_destinations(&three, at(-1))
        .await?;
    let (boss, chat) = (three[1].id, three[2].id);
    waiting(store, Lane::Stopped).await?;
    applied(
        store,
        fires(&identity(3, AlertType::BurnRate), &[boss, chat], at(0)),
    )
    .await?;
    let mut due: Vec<_> = groups(store, 60)
        .await?
        .into_iter()
        .map(|group| group.destination_id)
        .collect();
    let mut expected = vec![boss, chat];
    due.sort_unstable();
    expected.sort_unstable();
    assert_eq!(due, expected);
    Ok(())
}

/// Of two pauses the longer holds; an answer that says nothing of the lane ends none.
pub async fn the_longer_pause_holds(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let [one, two, three] = three_under_way(store).await?;
    for (frozen, lane) in [
        (&one, Lane::PausedUntil(at(120))),
        (&two, Lane::PausedUntil(at(60))),
        (&three, Lane::Open),
    ] {
        answer(store, &first_try(frozen), lane).await?;
    }
    assert_eq!(tries(store, 119).await?, []);
    assert_eq!(tries(store, 120).await?.len(), 3);
    Ok(())
}

/// Neither a pause nor a success of a try that was under way starts a stopped lane again.
pub async fn a_stop_outlives_a_pause(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let [one, two, three] = three_under_way(store).await?;
    for (frozen, lane) in [
        (&one, Lane::Stopped),
        (&two, Lane::PausedUntil(at(60))),
        (&three, Lane::Open),
    ] {
        answer(store, &first_try(frozen), lane).await?;
    }
    assert_eq!(tries(store, 600).await?, []);
    Ok(())
}

/// Registering the same configuration again leaves a stopped or paused lane as it is.
pub async fn an_unchanged_destination_keeps_its_lane(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    waiting(store, Lane::Stopped).await?;
    store
        .register_destinations(&[destination("ops")], at(10))
        .await?;
    assert_eq!(groups(store, 600).await?, []);
    assert_eq!(tries(store, 600).await?, []);
    Ok(())
}

/// A changed configuration starts a stopped or paused lane again, and loses nothing.
pub async fn a_changed_destination_starts_its_lane_again(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    for (slo, lane) in [(0, Lane::Stopped), (10, Lane::PausedUntil(at(86_400)))] {
        let (first, second) = (slo + 1, slo + 2);
        opened(store, first).await?;
        answer(store, &first_try(&send(store, 0).await?), lane).await?;
        opened(store, second).await?;
        let configuration = format!("configuration {slo}");
        let changed = Destination::new("webhook", "ops", configuration.as_bytes());
        store
            .register_destinations(&[changed], at(10))
            .await?;
        let retried = super::try_at(store, 60).await?;
        super::record(store, &retried, 60, super::delivered()).await?;
        let group = super::group(store, 60).await?;
        let judged = crate::fixtures::withheld(&group, sre_core::notification::Withheld::Shadow);
        store.settle(&judged, at(60)).await?;
    }
    Ok(())
}

/// What was meant for a destination that is gone ends: intents, frozen messages, and those in the
/// middle of a try, whose late answer is not heard.
pub async fn what_is_meant_for_a_removed_destination_ends(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let tried = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let pending = opened(store, 2).await?;
    store
        .register_destinations(&[destination("boss")], at(10))
        .await?;
    for alert in [&tried, &pending] {
        let record = only_record(store, alert).await?;
        assert_eq!(record.state, "dead");
        assert_eq!(record.reason.as_deref(), Some("destination_removed"));
    }
    let delivery = &only_record(store, &tried)
        .await?
        .deliveries[0]
        .0;
    assert_eq!(
        (delivery.state.as_str(), delivery.reason.as_deref()),
        ("dead", Some("destination_removed"))
    );
    let late = attempt(&first_try(&frozen), at(11), super::delivered());
    assert!(!is_applied(store.record(&late).await?));
    assert_eq!(
        (
            groups(store, 600).await?.len(),
            tries(store, 600).await?.len()
        ),
        (0, 0)
    );
    assert_eq!(store.depth().await?, <_>::default());
    Ok(())
}

/// An intent for a destination that was removed ends when it is stored: it cannot be told, and the
/// ledger says so.
pub async fn an_intent_for_a_removed_destination_ends_at_once(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    super::deliver_next(store, 0, None).await?;
    store
        .register_destinations(&[], at(10))
        .await?;
    applied(store, resolved(&alert, at(20))).await?;
    let ledger = store.ledger(alert.id).await?;
    let ends: Vec<_> = ledger
        .iter()
        .map(|record| (record.state.as_str(), record.reason.as_deref()))
        .collect();
    assert_eq!(
        ends,
        [
            ("delivered", Some("first")),
            ("dead", Some("destination_removed"))
        ]
    );
    Ok(())
}

/// An intent for a destination that nobody has registered yet waits for it, and ends when the set
/// is registered without it.
pub async fn an_intent_waits_for_its_destination(store: &dyn Store) -> Verdict {
    let routes = ["ops", "boss"].map(|name| destination(name).id);
    let alert = applied(
        store,
        fires(&identity(1, AlertType::BurnRate), &routes, at(0)),
    )
    .await?;
    assert_eq!(groups(store, 5).await?, []);
    store
        .register_destinations(&[destination("ops")], at(10))
        .await?;
    assert_eq!(
        super::group(store, 10)
            .await?
            .destination_id,
        routes[0]
    );
    let states: Vec<_> = store
        .ledger(alert.id)
        .await?
        .into_iter()
        .map(|record| (record.intent.destination_id == routes[0], record.state))
        .collect();
    let expected = [(true, "pending".to_owned()), (false, "dead".to_owned())];
    assert!(
        expected
            .iter()
            .all(|state| states.contains(state)),
        "{states:?}"
    );
    Ok(())
}

/// A destination that comes back is told again, and what it was told before is still known.
pub async fn a_destination_that_comes_back_is_told_again(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    super::deliver_next(store, 0, None).await?;
    store
        .register_destinations(&[], at(10))
        .await?;
    store
        .register_destinations(&[destination("ops")], at(20))
        .await?;
    applied(store, crate::fixtures::raised(&alert, &[ops], at(30))).await?;
    let told = super::told(store, 30)
        .await?
        .expect("it was told");
    assert_eq!((told.alert_id, told.delivered_at), (alert.id, at(0)));
    Ok(())
}

/// A message that may have arrived before its destination was removed has told it.
pub async fn a_removed_destination_may_have_been_told(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    super::record(store, &first_try(&frozen), 1, unknown(10)).await?;
    store
        .register_destinations(&[], at(20))
        .await?;
    store
        .register_destinations(&[destination("ops")], at(30))
        .await?;
    applied(store, resolved(&alert, at(40))).await?;
    assert_eq!(
        super::told(store, 40)
            .await?
            .map(|told| told.delivered_at),
        Some(at(20))
    );
    Ok(())
}

/// A try that ends a message may stop its lane: the message is dead, the others wait.
pub async fn a_dead_message_may_stop_its_lane(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    opened(store, 2).await?;
    let mut dead = attempt(&first_try(&frozen), at(1), expired());
    dead.lane = Lane::Stopped;
    recorded(store, dead).await?;
    assert_eq!(only_record(store, &alert).await?.state, "dead");
    assert_eq!(groups(store, 600).await?, []);
    Ok(())
}

/// One message to be tried again from 10 s on and one group, both for `ops`, whose lane became this.
async fn waiting(store: &dyn Store, lane: Lane) -> Result<Frozen, StoreError> {
    let _: Alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    opened(store, 2).await?;
    answer(store, &first_try(&frozen), lane).await?;
    Ok(frozen)
}

/// Three messages to `ops` in the middle of their first try.
async fn three_under_way(store: &dyn Store) -> Result<[Frozen; 3], StoreError> {
    let mut sent = Vec::new();
    for slo in 1..=3 {
        opened(store, slo).await?;
        sent.push(send(store, 0).await?);
    }
    Ok(sent.try_into().expect("three messages"))
}

/// Records a refusal, to be tried again from 10 s on, that does this to the lane.
async fn answer(store: &dyn Store, claimed: &ClaimedDelivery, lane: Lane) -> Verdict {
    let result: Recorded = refused(10);
    recorded(
        store,
        sre_core::store::Attempt {
            lane,
            ..attempt(claimed, at(1), result)
        },
    )
    .await
}
