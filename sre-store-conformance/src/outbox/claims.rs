//! Deliveries that are to be tried again, and by whom.

use std::collections::BTreeSet;

use sre_core::alert::AlertType;
use sre_core::alert::Severity;
use sre_core::notification::Urgency;
use sre_core::store::{Judged, Store};

use super::{opened, record, refused, send, tries, try_at, unknown, with_ops};
use crate::Verdict;
use crate::fixtures::{at, at_micros, attempt, fires, first_try, frozen, identity};
use crate::tools::{MANY, is_applied, taken_by_many};

/// A claimed delivery is nobody else's until the claim ends: at that instant it is free. Its holder
/// died in the middle, so the next try may be a repeat, and says what it is a try of.
pub async fn a_claimed_delivery_is_hidden_until_the_claim_ends(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let early = store
        .claim_deliveries(at_micros(59, 999_999), at(120), MANY, &[])
        .await?;
    assert_eq!(early.claimed, []);
    let claimed = try_at(store, 60).await?;
    assert_eq!(claimed.delivery, frozen.delivery);
    assert!(claimed.epoch > 1 && claimed.attempts == 2);
    assert!(claimed.is_possible_duplicate && !claimed.is_degraded);
    Ok(())
}

/// The first try of a frozen message has the epoch 1.
pub async fn the_first_try_has_the_epoch_one(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, super::delivered()).await
}

/// A retry is due at its instant, free of the claim before it, and not a microsecond earlier.
pub async fn a_retry_is_due_at_its_instant(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, refused(20)).await?;
    assert_eq!(
        store
            .claim_deliveries(at_micros(19, 999_999), at(80), MANY, &[])
            .await?
            .claimed,
        []
    );
    assert_eq!(try_at(store, 20).await?.attempts, 2);
    Ok(())
}

/// After definite refusals the next try is no repeat.
pub async fn a_try_after_a_refusal_is_no_repeat(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, refused(20)).await?;
    let second = try_at(store, 20).await?;
    assert!(!second.is_possible_duplicate);
    record(store, &second, 21, refused(40)).await?;
    assert!(
        !try_at(store, 40)
            .await?
            .is_possible_duplicate
    );
    Ok(())
}

/// After a try that may have arrived every later one may be a repeat, refusals in between or not.
pub async fn a_try_after_an_unknown_one_may_be_a_repeat(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    record(store, &first_try(&frozen), 1, unknown(20)).await?;
    let second = try_at(store, 20).await?;
    assert!(second.is_possible_duplicate);
    record(store, &second, 21, refused(40)).await?;
    assert!(
        try_at(store, 40)
            .await?
            .is_possible_duplicate
    );
    Ok(())
}

/// After a holder that died every later try may be a repeat.
pub async fn a_try_after_a_dead_holder_may_be_a_repeat(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    send(store, 0).await?;
    let second = try_at(store, 60).await?;
    record(store, &second, 61, refused(70)).await?;
    assert!(
        try_at(store, 70)
            .await?
            .is_possible_duplicate
    );
    Ok(())
}

/// What is delivered or given up is not tried again.
pub async fn what_has_ended_is_not_tried_again(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    for (slo, result) in [(1, super::delivered()), (2, super::expired())] {
        opened(store, slo).await?;
        let frozen = send(store, 0).await?;
        record(store, &first_try(&frozen), 1, result).await?;
    }
    assert_eq!(tries(store, 86_400).await?, []);
    Ok(())
}

/// Urgent deliveries are claimed first: by class, then the graver, then the longest due; and no more
/// than asked for.
pub async fn urgent_deliveries_are_claimed_first(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let mut expected = Vec::new();
    for (slo, class, severity, second) in [
        (5, 3, Severity::Emergency, 0),
        (4, 2, Severity::Critical, 0),
        (3, 1, Severity::High, 2),
        (2, 1, Severity::High, 1),
        (1, 1, Severity::Critical, 3),
    ] {
        let opened = fires(&identity(slo, AlertType::BurnRate), &[ops], at(0));
        super::applied(store, opened).await?;
        let mut frozen = frozen(&super::group(store, 0).await?, at(0));
        frozen.delivery.urgency = Urgency {
            is_resolve: false,
            severity,
            class,
        };
        let judged = Judged::Send(frozen.clone());
        assert!(is_applied(store.settle(&judged, at(0)).await?));
        record(store, &first_try(&frozen), 0, refused(second)).await?;
        expected.insert(0, frozen.delivery.id);
    }
    let mut order = Vec::new();
    for limit in [2, 99] {
        let claimed = store
            .claim_deliveries(at(60), at(120), limit, &[])
            .await?;
        order.extend(
            claimed
                .claimed
                .into_iter()
                .map(|claimed| claimed.delivery.id),
        );
    }
    assert_eq!(order, expected);
    Ok(())
}

/// Of many who take at the same time no two get the same delivery, and each is taken.
pub async fn concurrent_takers_never_share_a_delivery(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    for slo in 0..40 {
        opened(store, slo).await?;
        send(store, 0).await?;
    }
    let taken = taken_by_many(4, async |_| {
        let claimed = store
            .claim_deliveries(at(60), at(120), 3, &[])
            .await
            .expect("claims");
        claimed
            .claimed
            .into_iter()
            .map(|claimed| claimed.delivery.id)
            .collect()
    });
    assert_eq!(taken.len(), 40);
    assert_eq!(
        taken
            .into_iter()
            .collect::<BTreeSet<_>>()
            .len(),
        40
    );
    Ok(())
}

/// Of many who record the same try one is heard.
pub async fn concurrent_recorders_never_share_a_try(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let tried = attempt(&first_try(&frozen), at(1), super::delivered());
    let heard = taken_by_many(8, async |_| {
        let answer = store
            .record(&tried)
            .await
            .expect("answers");
        if is_applied(answer) {
            vec![()]
        } else {
            Vec::new()
        }
    });
    assert_eq!(heard.len(), 1);
    Ok(())
}
