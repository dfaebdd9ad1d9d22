//! Which groups are due, with what, and in which order.

use sre_core::alert::{AlertType, Severity};
use sre_core::notification::Told;
use sre_core::store::{Judged, Store};

use super::{applied, deliver_next, group, groups, opened, send, with_ops};
use crate::Verdict;
use crate::fixtures::{
    at, at_micros, destination, fires, fires_again, goes_on, identity, raised, resolved,
    severity_update,
};
use crate::tools::MANY;

/// An empty store has nothing to say.
pub async fn an_empty_outbox_has_no_groups(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    assert_eq!(groups(store, 600).await?, []);
    Ok(())
}

/// A new intent makes a group: the episode as it is, its intent, nothing told and no message yet.
pub async fn an_intent_makes_a_group(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let opened = fires(&identity(1, AlertType::BurnRate), &[ops], at(0));
    let alert = applied(store, opened.clone()).await?;
    let group = group(store, 0).await?;
    assert_eq!((group.destination_id, group.alert), (ops, alert));
    assert_eq!(group.intents, opened.intents);
    assert_eq!((group.told, group.sequence), (None, 0));
    Ok(())
}

/// An intent is due at its instant and not a microsecond before.
pub async fn an_intent_is_due_at_its_instant(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    assert_eq!(
        store
            .due_groups(at_micros(-1, 999_999), MANY)
            .await?
            .groups,
        []
    );
    assert_eq!(groups(store, 0).await?.len(), 1);
    Ok(())
}

/// Each destination has a group of its own.
pub async fn each_destination_has_its_group(store: &dyn Store) -> Verdict {
    let both = [destination("ops"), destination("boss")];
    store
        .register_destinations(&both, at(0))
        .await?;
    let ids = both.map(|destination| destination.id);
    applied(store, fires(&identity(1, AlertType::BurnRate), &ids, at(0))).await?;
    let groups = groups(store, 0).await?;
    assert_eq!(groups.len(), 2);
    assert!(ids.iter().all(|id| {
        groups
            .iter()
            .any(|group| group.destination_id == *id)
    }));
    assert!(
        groups
            .iter()
            .all(|group| group.intents.len() == 1)
    );
    Ok(())
}

/// A group has every intent that is pending, by transition, also one that is not due yet: what is
/// said says all of it. The episode is shown as it is now.
pub async fn a_group_has_all_pending_intents(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let mut later = raised(&alert, &[ops], at(5));
    later.intents[0].due_at = at(60);
    let alert = applied(store, later).await?;
    let alert = applied(store, resolved(&alert, at(10))).await?;
    let group = group(store, 10).await?;
    let transitions: Vec<u64> = group
        .intents
        .iter()
        .map(|intent| intent.transition)
        .collect();
    assert_eq!((transitions, group.alert), (vec![1, 2, 3], alert));
    Ok(())
}

/// A group of which nothing is due yet waits.
pub async fn a_group_waits_until_one_of_its_intents_is_due(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let mut later = fires(&identity(1, AlertType::BurnRate), &[ops], at(0));
    later.intents[0].due_at = at(60);
    applied(store, later).await?;
    assert_eq!(groups(store, 59).await?, []);
    assert_eq!(groups(store, 60).await?.len(), 1);
    Ok(())
}

/// What began, changed or ended comes before what merely goes on; of these the graver first; of
/// these the longest due.
pub async fn urgent_groups_come_first(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    deliver_next(store, 0, None).await?;
    let repeats = severity_update(&alert, Severity::Emergency, &[], at(0));
    let repeats = applied(store, repeats).await?;
    applied(store, goes_on(&repeats, &[ops], at(1))).await?;
    for (slo, severity, second) in [
        (2, Severity::Low, 2),
        (3, Severity::High, 4),
        (4, Severity::High, 3),
        (5, Severity::Emergency, 5),
    ] {
        let mut opened = fires(&identity(slo, AlertType::BurnRate), &[ops], at(second));
        opened.alert.severity = severity;
        applied(store, opened).await?;
    }
    let expected = [5, 4, 3, 2, 1].map(|slo| identity(slo, AlertType::BurnRate));
    let due = groups(store, 60).await?;
    let order: Vec<_> = due
        .iter()
        .map(|group| group.alert.identity.clone())
        .collect();
    assert_eq!(order, expected);
    let first = store.due_groups(at(60), 2).await?;
    assert_eq!(first.groups, due[..2]);
    Ok(())
}

/// The end of an episode is as urgent as a beginning.
pub async fn an_end_is_as_urgent_as_a_beginning(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let told = opened(store, 1).await?;
    deliver_next(store, 0, None).await?;
    let repeated = applied(
        store,
        fires(&identity(2, AlertType::BurnRate), &[ops], at(0)),
    )
    .await?;
    deliver_next(store, 0, None).await?;
    applied(store, goes_on(&repeated, &[ops], at(1))).await?;
    applied(store, resolved(&told, at(9))).await?;
    let order: Vec<_> = groups(store, 9)
        .await?
        .into_iter()
        .map(|group| group.alert.id)
        .collect();
    assert_eq!(order, [told.id, repeated.id]);
    Ok(())
}

/// While a message of an identity is on its way to a destination, nothing else of the identity is
/// due for it: what is said next waits for what was said first. Others are.
pub async fn a_message_under_way_holds_its_identity(store: &dyn Store) -> Verdict {
    let both = [destination("ops"), destination("boss")];
    store
        .register_destinations(&both, at(-1))
        .await?;
    let [ops, boss] = both.map(|destination| destination.id);
    let alert = opened(store, 1).await?;
    let sent = send(store, 0).await?;
    let alert = applied(store, raised(&alert, &[ops, boss], at(5))).await?;
    applied(
        store,
        fires(&identity(2, AlertType::BurnRate), &[ops], at(5)),
    )
    .await?;

    let due: Vec<_> = groups(store, 5)
        .await?
        .iter()
        .map(|group| (group.alert.id, group.destination_id))
        .collect();
    let other = identity(2, AlertType::BurnRate).episode_id(1);
    assert_eq!(due, [(alert.id, boss), (other, ops)]);

    let refusal = super::refused(60);
    super::record(store, &crate::fixtures::first_try(&sent), 6, refusal).await?;
    assert_eq!(
        groups(store, 6).await?.len(),
        2,
        "a message to be tried again is under way"
    );
    super::record(
        store,
        &super::try_at(store, 60).await?,
        61,
        super::delivered(),
    )
    .await?;
    assert_eq!(groups(store, 61).await?.len(), 3);
    Ok(())
}

/// A message that is given up holds nothing any more.
pub async fn a_dead_message_holds_nothing(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let sent = send(store, 0).await?;
    applied(store, raised(&alert, &[ops], at(5))).await?;
    super::record(
        store,
        &crate::fixtures::first_try(&sent),
        6,
        super::expired(),
    )
    .await?;
    assert_eq!(groups(store, 6).await?.len(), 1);
    Ok(())
}

/// The next episode of an identity waits until the end of the last has been said, or judged.
pub async fn the_next_episode_waits_for_the_end_of_the_last(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    deliver_next(store, 0, None).await?;
    let ended = applied(store, resolved(&alert, at(5))).await?;
    let again = applied(store, fires_again(&ended, &[ops], at(6))).await?;
    assert_eq!(group(store, 10).await?.alert.id, ended.id);
    let end = send(store, 10).await?;
    assert_eq!(groups(store, 10).await?, [], "the end is under way");
    super::record(
        store,
        &crate::fixtures::first_try(&end),
        11,
        super::delivered(),
    )
    .await?;
    let next = group(store, 11).await?;
    assert_eq!((next.alert.id, next.sequence), (again.id, 0));
    let told = next
        .told
        .map(|told| (told.alert_id, told.episode, told.delivered_at));
    assert_eq!(told, Some((ended.id, 1, at(11))));
    Ok(())
}

/// What a destination was told belongs to the identity, and to this destination.
pub async fn what_was_told_is_known_to_the_next_group(store: &dyn Store) -> Verdict {
    let both = [destination("ops"), destination("boss")];
    store
        .register_destinations(&both, at(-1))
        .await?;
    let [ops, boss] = both.map(|destination| destination.id);
    let alert = opened(store, 1).await?;
    let sent = deliver_next(store, 3, None).await?;
    let alert = applied(store, raised(&alert, &[ops, boss], at(5))).await?;
    let expected = Told {
        alert_id: alert.id,
        episode: 1,
        state: sent.delivery.parts()[0].tells,
        severity: Severity::Critical,
        delivered_at: at(3),
    };
    for group in groups(store, 5).await? {
        let (told, sequence) = if group.destination_id == ops {
            (Some(expected.clone()), 1)
        } else {
            (None, 0)
        };
        assert_eq!((group.told, group.sequence), (told, sequence));
    }
    Ok(())
}

/// Messages of an episode to a destination are counted; one that was given up counts too.
pub async fn the_sequence_grows_with_every_message(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let mut alert = opened(store, 1).await?;
    for sequence in 0..4 {
        assert_eq!(group(store, 60).await?.sequence, sequence);
        let sent = send(store, 60).await?;
        let result = if sequence == 1 {
            super::expired()
        } else {
            super::delivered()
        };
        super::record(store, &crate::fixtures::first_try(&sent), 60, result).await?;
        alert = applied(store, goes_on(&alert, &[ops], at(60))).await?;
    }
    Ok(())
}

/// What is withheld is judged once: it is not due again, and the next intent is.
pub async fn what_is_withheld_is_not_due_again(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let judged: Judged = crate::fixtures::withheld(
        &group(store, 0).await?,
        sre_core::notification::Withheld::NeverTold,
    );
    store.settle(&judged, at(0)).await?;
    assert_eq!(groups(store, 600).await?, []);
    applied(store, raised(&alert, &[ops], at(600))).await?;
    assert_eq!(group(store, 600).await?.intents.len(), 1);
    Ok(())
}
