//! Messages that speak of several alerts: frozen whole, told whole, given up whole.

use std::collections::BTreeMap;

use sre_core::alert::{Alert, AlertType, Severity};
use sre_core::notification::{GroupWindow, Said, ToldState};
use sre_core::routing::GroupKey;
use sre_core::store::{Frozen, Judged, Kept, NextAction, Recorded, Store, StoreError};

use super::{
    applied, delivered, expired, groups, only_record, opened, record, refused, try_at, unknown,
    with_ops,
};
use crate::Verdict;
use crate::fixtures::{
    as_digest, at, fires, first_try, frozen_together, identity, raised, resend, resolved,
};
use crate::tools::{MANY, is_applied};

/// Opens this many pages at noon, for `ops` alone.
async fn many(store: &dyn Store, count: u128) -> Result<Vec<Alert>, StoreError> {
    let mut alerts = Vec::new();
    for slo in 1..=count {
        alerts.push(opened(store, slo).await?);
    }
    Ok(alerts)
}

/// Freezes one message of everything that is due at this second.
async fn send_all(store: &dyn Store, second: i64) -> Result<Frozen, StoreError> {
    let frozen = frozen_together(&groups(store, second).await?, at(second));
    let judged = Judged::Send(frozen.clone());
    assert!(is_applied(
        store
            .settle(&judged, at(second))
            .await?
    ));
    Ok(frozen)
}

/// One message may speak of several episodes: each has its own number, and the ledger of each shows
/// the same delivery. A holder that died leaves all of it to the next.
pub async fn a_message_may_speak_of_several_episodes(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alerts = many(store, 3).await?;
    super::deliver_one_of(store, &alerts[1]).await?;
    applied(store, raised(&alerts[1], &[super::ops()], at(0))).await?;
    let frozen = send_all(store, 0).await?;
    let parts = frozen.delivery.parts();
    let sequences: BTreeMap<_, _> = parts
        .iter()
        .map(|part| (part.alert_id, part.sequence))
        .collect();
    for (alert, sequence) in alerts.iter().zip([1, 2, 1]) {
        assert_eq!(sequences.get(&alert.id), Some(&sequence));
        let ledger = store.ledger(alert.id).await?;
        let last = ledger.last().expect("an intent");
        assert_eq!(
            (last.state.as_str(), last.sequence),
            ("frozen", Some(sequence))
        );
        assert_eq!(last.deliveries[0].0.id, frozen.delivery.id);
    }
    assert_eq!(store.depth().await?.deliveries, 1);
    let again = try_at(store, 60).await?;
    assert_eq!(again.delivery, frozen.delivery);
    assert!(again.is_possible_duplicate);
    Ok(())
}

/// When another took one of its intents, nothing of the message is stored, and the rest stays due.
pub async fn a_message_takes_all_its_intents_or_none(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alerts = many(store, 3).await?;
    let read = groups(store, 0).await?;
    let first = Judged::Send(frozen_together(&read[..1], at(0)));
    assert!(is_applied(store.settle(&first, at(0)).await?));
    let mut late = frozen_together(&read, at(0));
    late.delivery = resend(&late.delivery, at(0));
    let late = Judged::Send(late);
    assert!(!is_applied(store.settle(&late, at(0)).await?));
    assert_eq!(store.depth().await?.deliveries, 1);
    let due: Vec<_> = groups(store, 0)
        .await?
        .into_iter()
        .map(|group| group.alert.id)
        .collect();
    assert_eq!(due.len(), 2);
    assert!(!due.contains(&read[0].alert.id) && alerts.len() == 3);
    Ok(())
}

/// What arrived has told of each episode, and each knows when time moves it next.
pub async fn a_message_tells_of_each_of_its_episodes(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alerts = many(store, 2).await?;
    let frozen = send_all(store, 0).await?;
    let next = |alert: &Alert, second| NextAction {
        alert_id: alert.id,
        transition: 1,
        at: Some(at(second)),
    };
    let result = Recorded::Delivered {
        next: vec![next(&alerts[0], 900), next(&alerts[1], 901)],
    };
    record(store, &first_try(&frozen), 5, result).await?;
    for (alert, second) in alerts.iter().zip([900, 901]) {
        let found = store
            .find_alert(alert.id)
            .await?
            .expect("it is stored");
        assert_eq!(found.last_notified_at, Some(at(5)));
        assert_eq!(found.next_action_at, Some(at(second)));
        assert_eq!(only_record(store, alert).await?.state, "delivered");
        applied(store, raised(alert, &[ops], at(9))).await?;
    }
    for group in groups(store, 9).await? {
        let told = group.told.expect("it was told");
        assert_eq!((told.state, told.delivered_at), (ToldState::Firing, at(5)));
        assert_eq!(group.sequence, 1);
    }
    Ok(())
}

/// A message that is given up ends what it carried; each episode has been told if it may have
/// arrived, and none if it was refused.
pub async fn a_message_given_up_ends_all_that_it_carried(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    for (base, first, has_told) in [(0, refused(20), false), (10, unknown(20), true)] {
        let mut alerts = Vec::new();
        for slo in [base + 1, base + 2] {
            alerts.push(opened(store, slo).await?);
        }
        let frozen = send_all(store, 0).await?;
        record(store, &first_try(&frozen), 1, first).await?;
        record(store, &try_at(store, 20).await?, 21, expired()).await?;
        for alert in &alerts {
            assert_eq!(only_record(store, alert).await?.state, "dead");
            applied(store, resolved(alert, at(30))).await?;
        }
        for group in groups(store, 30).await? {
            assert_eq!(group.told.is_some(), has_told);
            assert_eq!(group.sequence, 1, "it was counted");
        }
        assert_eq!(ops, super::ops());
        send_all(store, 30).await?;
    }
    Ok(())
}

/// What is said next of any of its identities waits for the message, and for nothing else.
pub async fn a_message_under_way_holds_each_of_its_identities(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alerts = many(store, 2).await?;
    let frozen = send_all(store, 0).await?;
    for alert in &alerts {
        applied(store, raised(alert, &[ops], at(5))).await?;
    }
    let other = opened(store, 3).await?;
    let due = groups(store, 5).await?;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].alert.id, other.id);
    record(store, &first_try(&frozen), 6, delivered()).await?;
    assert_eq!(groups(store, 6).await?.len(), 3);
    Ok(())
}

/// The minimal form of a message carries all that the message did.
pub async fn a_degraded_resend_speaks_of_all(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alerts = many(store, 2).await?;
    let frozen = send_all(store, 0).await?;
    let resend = resend(&frozen.delivery, at(1));
    record(store, &first_try(&frozen), 1, Recorded::Degraded { resend }).await?;
    let minimal = try_at(store, 1).await?;
    assert_eq!(minimal.delivery.parts(), frozen.delivery.parts());
    record(store, &minimal, 2, delivered()).await?;
    for alert in &alerts {
        assert_eq!(only_record(store, alert).await?.state, "delivered");
    }
    Ok(())
}

/// An alert of a digest counts as told: its end is owed, and follows under the next number.
pub async fn an_end_follows_a_digest(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alerts = many(store, 12).await?;
    let digest = as_digest(frozen_together(&groups(store, 0).await?, at(0)));
    let judged = Judged::Send(digest.clone());
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    record(store, &first_try(&digest), 1, delivered()).await?;
    for alert in &alerts {
        applied(store, resolved(alert, at(60))).await?;
    }
    let ends = groups(store, 60).await?;
    assert_eq!(ends.len(), 12);
    for group in ends {
        let told = group.told.expect("it was told");
        assert_eq!(
            (told.alert_id, told.state),
            (group.alert.id, ToldState::Firing)
        );
        assert_eq!(group.sequence, 1);
    }
    Ok(())
}

/// A destination knows what it was told lately: within half a minute how many messages and of a digest,
/// within an hour of each group the window that was opened. Ends open none, and a resend is no message.
pub async fn what_was_said_lately_is_known(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alerts = many(store, 2).await?;
    let said = async |second| -> Result<Said, StoreError> {
        let mut due = store
            .due_groups(at(second), MANY)
            .await?;
        Ok(due
            .said
            .remove(&ops)
            .expect("a group is due"))
    };
    assert_eq!(said(0).await?, Said::default());
    let frozen = send_all(store, 0).await?;
    let resend = resend(&frozen.delivery, at(1));
    record(store, &first_try(&frozen), 1, Recorded::Degraded { resend }).await?;
    record(store, &try_at(store, 1).await?, 1, delivered()).await?;
    applied(store, resolved(&alerts[0], at(2))).await?;
    let window = GroupWindow {
        began_at: at(0),
        severity: Severity::Critical,
    };
    let group = GroupKey::of_service(alerts[0].service_name());
    let first = Said {
        messages: 1,
        groups: [(group, window)].into(),
        digest: None,
    };
    assert_eq!(said(29).await?, first);
    let end = send_all(store, 29).await?;
    record(store, &first_try(&end), 29, delivered()).await?;
    applied(store, raised(&alerts[1], &[ops], at(29))).await?;
    assert_eq!(
        said(29).await?,
        Said {
            messages: 2,
            ..first.clone()
        }
    );
    let ended = Said {
        messages: 1,
        ..first
    };
    assert_eq!(said(30).await?, ended, "half a minute is over");
    let digest = as_digest(frozen_together(&groups(store, 31).await?, at(31)));
    store
        .settle(&Judged::Send(digest), at(31))
        .await?;
    opened(store, 3).await?;
    let window = GroupWindow {
        began_at: at(31),
        severity: Severity::Emergency,
    };
    assert_eq!(said(32).await?.digest, Some(window));
    let later = Said {
        messages: 0,
        ..ended
    };
    assert_eq!(said(61).await?, later);
    assert_eq!(said(3_600).await?, Said::default());
    Ok(())
}

/// An episode is forgotten without the others of its message; the last takes the message along.
pub async fn an_episode_is_forgotten_without_its_neighbours(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alerts = many(store, 2).await?;
    let frozen = send_all(store, 0).await?;
    record(store, &first_try(&frozen), 1, delivered()).await?;
    applied(store, resolved(&alerts[0], at(2))).await?;
    let end = send_all(store, 2).await?;
    record(store, &first_try(&end), 2, delivered()).await?;
    assert_eq!(
        store
            .prune(Kept::Alerts, at(60), MANY)
            .await?,
        1
    );
    assert_eq!(store.find_alert(alerts[0].id).await?, None);
    let kept = only_record(store, &alerts[1]).await?;
    assert_eq!(kept.deliveries[0].0.id, frozen.delivery.id);
    applied(store, resolved(&alerts[1], at(70))).await?;
    let end = send_all(store, 70).await?;
    record(store, &first_try(&end), 70, delivered()).await?;
    assert_eq!(
        store
            .prune(Kept::Alerts, at(90), MANY)
            .await?,
        1
    );
    let again = fires(&identity(2, AlertType::BurnRate), &[ops], at(100));
    let again = applied(store, again).await?;
    assert_eq!(groups(store, 100).await?[0].alert.id, again.id);
    Ok(())
}
