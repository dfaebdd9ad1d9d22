//! What people can read of all this: the ledger and the depth.

use sre_core::alert::AlertType;
use sre_core::store::{AttemptRecord, QueueDepth, Store};

use super::{
    applied, deliver_next, delivered, opened, record, recorded, refused, send, try_at, unknown,
    with_ops,
};
use crate::Verdict;
use crate::fixtures::{at, at_micros, attempt, first_try, identity, raised, resolved};

/// An episode without intents, or that nobody knows, has an empty ledger.
pub async fn an_unknown_episode_has_an_empty_ledger(store: &dyn Store) -> Verdict {
    assert_eq!(
        store
            .ledger(identity(1, AlertType::NoData).episode_id(1))
            .await?,
        []
    );
    Ok(())
}

/// The ledger shows every intent with its messages and tries, ended or not, and of no other
/// episode.
pub async fn a_ledger_shows_everything(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let first = send(store, 0).await?;
    record(store, &first_try(&first), 1, refused(10)).await?;
    record(store, &try_at(store, 10).await?, 11, delivered()).await?;
    let alert = applied(store, raised(&alert, &[ops], at(20))).await?;
    let second = send(store, 20).await?;
    let alert = applied(store, resolved(&alert, at(30))).await?;
    opened(store, 2).await?;

    let ledger = store.ledger(alert.id).await?;
    let shown: Vec<_> = ledger
        .iter()
        .map(|record| {
            (
                record.intent.transition,
                record.state.as_str(),
                record.sequence,
            )
        })
        .collect();
    let expected = [
        (1, "delivered", Some(1)),
        (2, "frozen", Some(2)),
        (3, "pending", None),
    ];
    assert_eq!(shown, expected);
    let (delivery, attempts) = &ledger[0].deliveries[0];
    assert_eq!((delivery.id, attempts.len()), (first.delivery.id, 2));
    let results: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt.result.as_deref())
        .collect();
    assert_eq!(results, [Some("retry"), Some("delivered")]);
    assert_eq!(ledger[1].deliveries[0].0.id, second.delivery.id);
    Ok(())
}

/// What is remembered of a try is kept to the last field; when it began is when it was claimed.
pub async fn every_field_of_a_try_is_kept(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let frozen = send(store, 0).await?;
    let mut first = attempt(&first_try(&frozen), at_micros(1, 2), unknown(20));
    first.record.status = Some(u16::MAX);
    first.record.detail = Some("„Zeit ab“ \n\t'\"\\ 🚀".repeat(200));
    recorded(store, first.clone()).await?;
    let mut second = attempt(&try_at(store, 20).await?, at_micros(21, 3), refused(40));
    second.record.status = None;
    second.record.detail = None;
    recorded(store, second.clone()).await?;
    let record = &store.ledger(alert.id).await?[0];
    let expected = [
        AttemptRecord {
            started_at: at(0),
            ..first.record
        },
        AttemptRecord {
            started_at: at(20),
            ..second.record
        },
    ];
    assert_eq!(record.deliveries[0].1, expected);
    assert_eq!(record.deliveries[0].0.next_attempt_at, Some(at(40)));
    Ok(())
}

/// The depth counts what is neither sent nor held back, and knows since when the oldest waits.
pub async fn the_depth_counts_what_waits(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    assert_eq!(store.depth().await?, QueueDepth::default());
    let alert = opened(store, 1).await?;
    send(store, 0).await?;
    applied(store, raised(&alert, &[ops], at_micros(5, 1))).await?;
    let both = QueueDepth {
        intents: 2,
        deliveries: 1,
        oldest_at: Some(at(0)),
    };
    assert_eq!(store.depth().await?, both);
    record(store, &try_at(store, 60).await?, 61, delivered()).await?;
    let one = QueueDepth {
        intents: 1,
        deliveries: 0,
        oldest_at: Some(at_micros(5, 1)),
    };
    assert_eq!(store.depth().await?, one);
    deliver_next(store, 70, None).await?;
    assert_eq!(store.depth().await?, QueueDepth::default());
    Ok(())
}
