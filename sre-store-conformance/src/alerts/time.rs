//! Episodes that time moves: claimed, and moved or put off.

use std::collections::BTreeSet;

use sre_core::alert::{Alert, AlertState, AlertType};
use sre_core::store::{Alerts, StoreError};

use super::applied;
use crate::Verdict;
use crate::fixtures::{acknowledged, at, at_micros, due_at, fires, identity, resolved};
use crate::tools::{MANY, a_minute_after, taken_by_many};

/// An episode is due at its instant and not a microsecond before.
pub async fn an_episode_is_claimed_when_it_is_due(store: &dyn Alerts) -> Verdict {
    let alert = opened_due(store, 1, 60).await?;
    assert_eq!(
        store
            .claim_due_alerts("a", at_micros(59, 999_999), at(90), MANY)
            .await?,
        []
    );
    assert_eq!(claims(store, 60).await?, [alert]);
    Ok(())
}

/// Time moves neither an episode without a next action nor one that has ended, whatever it says.
pub async fn only_what_time_moves_is_claimed(store: &dyn Alerts) -> Verdict {
    applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let alert = opened_due(store, 2, 0).await?;
    let mut ended = resolved(&alert, at(5));
    ended.alert.next_action_at = Some(at(6));
    applied(store, ended).await?;
    assert_eq!(claims(store, 600).await?, []);
    Ok(())
}

/// An acknowledgement that ends is due like anything else.
pub async fn an_acknowledged_episode_is_claimed(store: &dyn Alerts) -> Verdict {
    let alert = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let alert = applied(store, acknowledged(&alert, at(0))).await?;
    let AlertState::Acknowledged { until, .. } = alert.state else {
        panic!("{alert:?}")
    };
    assert_eq!(
        store
            .claim_due_alerts("a", until, a_minute_after(until), MANY)
            .await?,
        [alert]
    );
    Ok(())
}

/// The longest due are claimed first, and no more than asked for.
pub async fn the_longest_due_episodes_are_claimed_first(store: &dyn Alerts) -> Verdict {
    for (slo, second) in [(1, 30), (2, 10), (3, 20)] {
        opened_due(store, slo, second).await?;
    }
    let mut due = Vec::new();
    for limit in [2, 2] {
        let claims = store
            .claim_due_alerts("a", at(60), at(90), limit)
            .await?;
        due.extend(
            claims
                .into_iter()
                .map(|alert| alert.next_action_at),
        );
    }
    assert_eq!(due, [Some(at(10)), Some(at(20)), Some(at(30))]);
    Ok(())
}

/// A claimed episode is nobody else's until the claim ends: at that instant it is free.
pub async fn a_claimed_episode_is_hidden_until_the_claim_ends(store: &dyn Alerts) -> Verdict {
    opened_due(store, 1, 0).await?;
    assert_eq!(
        store
            .claim_due_alerts("a", at(0), at(30), MANY)
            .await?
            .len(),
        1
    );
    assert_eq!(
        store
            .claim_due_alerts("b", at_micros(29, 999_999), at(99), MANY)
            .await?,
        []
    );
    assert_eq!(
        store
            .claim_due_alerts("b", at(30), at(99), MANY)
            .await?
            .len(),
        1
    );
    Ok(())
}

/// A transition frees the claim: what is due next need not wait for its end.
pub async fn a_transition_frees_the_claim(store: &dyn Alerts) -> Verdict {
    let alert = opened_due(store, 1, 0).await?;
    store
        .claim_due_alerts("a", at(0), at(600), MANY)
        .await?;
    let alert = applied(store, due_at(&alert, at(5))).await?;
    assert_eq!(claims(store, 4).await?, []);
    assert_eq!(claims(store, 5).await?, [alert]);
    Ok(())
}

/// An episode for which nothing was due after all is put off, and free at once.
pub async fn an_episode_is_postponed(store: &dyn Alerts) -> Verdict {
    let alert = opened_due(store, 1, 0).await?;
    store
        .claim_due_alerts("a", at(0), at(600), MANY)
        .await?;
    store
        .postpone(alert.id, alert.transition, Some(at_micros(30, 1)))
        .await?;
    assert_eq!(claims(store, 30).await?, []);
    let postponed = Alert {
        next_action_at: Some(at_micros(30, 1)),
        ..alert
    };
    assert_eq!(claims(store, 31).await?, std::slice::from_ref(&postponed));
    store
        .postpone(postponed.id, postponed.transition, None)
        .await?;
    assert_eq!(claims(store, 86_400).await?, []);
    Ok(())
}

/// Who was overtaken by a transition puts nothing off, and that is no error.
pub async fn an_episode_is_postponed_at_its_transition_only(store: &dyn Alerts) -> Verdict {
    let alert = opened_due(store, 1, 0).await?;
    let moved = applied(store, due_at(&alert, at(5))).await?;
    store
        .postpone(alert.id, alert.transition, None)
        .await?;
    assert_eq!(store.find_alert(alert.id).await?, Some(moved));
    store
        .postpone(identity(9, AlertType::NoData).episode_id(1), 1, None)
        .await
}

/// Of many who take at the same time no two get the same episode, and each is taken.
pub async fn concurrent_takers_never_share_an_episode(store: &dyn Alerts) -> Verdict {
    for slo in 0..60 {
        opened_due(store, slo, 0).await?;
    }
    let taken = taken_by_many(4, async |taker| {
        let holder = format!("taker {taker}");
        let claims = store
            .claim_due_alerts(&holder, at(0), at(60), 3)
            .await;
        claims
            .expect("claims")
            .into_iter()
            .map(|alert| alert.id)
            .collect()
    });
    assert_eq!(taken.len(), 60);
    assert_eq!(
        taken
            .into_iter()
            .collect::<BTreeSet<_>>()
            .len(),
        60
    );
    Ok(())
}

/// Opens the page of this SLO, which time moves at this second.
async fn opened_due(store: &dyn Alerts, slo: u128, second: i64) -> Result<Alert, StoreError> {
    let mut opened = fires(&identity(slo, AlertType::BurnRate), &[], at(0));
    opened.alert.next_action_at = Some(at(second));
    applied(store, opened).await
}

async fn claims(store: &dyn Alerts, second: i64) -> Result<Vec<Alert>, StoreError> {
    store
        .claim_due_alerts("a", at(second), a_minute_after(at(second)), MANY)
        .await
}
