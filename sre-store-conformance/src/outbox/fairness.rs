//! No destination takes the place of another, and one that wants its messages spaced gets them so.

use sre_core::alert::AlertType;
use sre_core::name::DestinationId;
use sre_core::notification::{DeadReason, Destination, Lane};
use sre_core::store::{Attempt, Judged, LaneFault, LaneStatus, Recorded, Store, StoreError};
use sre_core::time::Span;

use super::{applied, delivered, groups, opened, recorded, refused, send, tries, with_ops};
use crate::Verdict;
use crate::fixtures::{
    announced, at, attempt, destination, fires, first_try, frozen, identity, notice,
};
use crate::tools::{MANY, is_applied};

/// Registers `ops` and `boss`, and opens three pages for both.
async fn with_two(store: &dyn Store) -> Result<[DestinationId; 2], StoreError> {
    let both = [destination("ops"), destination("boss")];
    store
        .register_destinations(&both, at(-1))
        .await?;
    let ids = both.map(|destination| destination.id);
    for slo in 1..=3 {
        applied(
            store,
            fires(&identity(slo, AlertType::BurnRate), &ids, at(0)),
        )
        .await?;
    }
    Ok(ids)
}

fn counted(destinations: impl Iterator<Item = DestinationId>, id: DestinationId) -> usize {
    destinations
        .filter(|destination| *destination == id)
        .count()
}

/// The limit of groups is that of each destination.
pub async fn each_destination_has_its_share_of_groups(store: &dyn Store) -> Verdict {
    let ids = with_two(store).await?;
    let due = store.due_groups(at(0), 2).await?;
    for id in ids {
        let of = due
            .groups
            .iter()
            .map(|group| group.destination_id);
        assert_eq!(counted(of, id), 2);
        assert!(due.said.contains_key(&id));
    }
    Ok(())
}

/// The limit of deliveries is that of each destination, and one that is busy is left alone.
pub async fn each_destination_has_its_share_of_deliveries(store: &dyn Store) -> Verdict {
    let [ops, boss] = with_two(store).await?;
    for group in groups(store, 0).await? {
        let frozen = frozen(&group, at(0));
        store
            .settle(&Judged::Send(frozen.clone()), at(0))
            .await?;
        super::record(store, &first_try(&frozen), 0, refused(10)).await?;
    }
    let claim = async |second, limit, busy: &[DestinationId]| {
        let claimed = store
            .claim_deliveries(at(second), at(second + 60), limit, busy)
            .await?
            .claimed;
        let count = |id| {
            let of = claimed
                .iter()
                .map(|claimed| claimed.delivery.destination_id);
            counted(of, id)
        };
        Ok::<_, StoreError>((count(ops), count(boss)))
    };
    assert_eq!(claim(10, 2, &[]).await?, (2, 2));
    assert_eq!(claim(10, 9, &[ops]).await?, (0, 1));
    assert_eq!(claim(10, 9, &[]).await?, (1, 0));
    Ok(())
}

/// `ops`, which wants a second between two messages.
fn spaced() -> Destination {
    destination("ops").spaced(Span::SECOND)
}

/// A message to a receiver that wants them spaced pauses its lane: of two who freeze one at the same
/// time the second is superseded, and what is to be tried again comes one by one.
pub async fn a_spaced_lane_begins_one_message_at_a_time(store: &dyn Store) -> Verdict {
    store
        .register_destinations(&[spaced()], at(-1))
        .await?;
    for slo in 1..=2 {
        opened(store, slo).await?;
    }
    let read = groups(store, 0).await?;
    let first = frozen(&read[0], at(0));
    let second = Judged::Send(frozen(&read[1], at(0)));
    let judged = Judged::Send(first.clone());
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    assert!(!is_applied(store.settle(&second, at(0)).await?));
    assert_eq!(groups(store, 0).await?, []);
    super::record(store, &first_try(&first), 0, refused(1)).await?;
    let second = frozen(&groups(store, 1).await?[0], at(1));
    let judged = Judged::Send(second.clone());
    assert!(is_applied(store.settle(&judged, at(1)).await?));
    super::record(store, &first_try(&second), 1, refused(1)).await?;
    assert_eq!(tries(store, 1).await?, []);
    for second in [2, 3] {
        assert_eq!(tries(store, second).await?.len(), 1);
        assert_eq!(tries(store, second).await?, []);
    }
    Ok(())
}

/// A lane says whether it is open, why it was stopped, what waits, and when a message arrived last.
pub async fn a_lane_says_how_it_stands(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let fresh = LaneStatus {
        destination_id: ops,
        traffic: Lane::Open,
        stopped_because: None,
        broken: None,
        last_delivered_at: None,
        waiting: 0,
        under_way: 0,
        oldest_at: None,
        dead: 0,
    };
    assert_eq!(store.lanes(at(0)).await?, std::slice::from_ref(&fresh));
    opened(store, 1).await?;
    let sent = send(store, 0).await?;
    super::record(store, &first_try(&sent), 3, delivered()).await?;
    opened(store, 2).await?;
    let sent = send(store, 5).await?;
    opened(store, 3).await?;
    store
        .add_notices(&[notice(1, ops, at(6))])
        .await?;
    let busy = LaneStatus {
        last_delivered_at: Some(at(3)),
        waiting: 2,
        under_way: 1,
        oldest_at: Some(at(5)),
        ..fresh
    };
    assert_eq!(store.lanes(at(0)).await?, std::slice::from_ref(&busy));
    let dead = Recorded::Dead {
        reason: DeadReason::Unauthorized,
    };
    let stops = Attempt {
        lane: Lane::Stopped,
        ..attempt(&first_try(&sent), at(7), dead)
    };
    recorded(store, stops).await?;
    let stopped = LaneStatus {
        traffic: Lane::Stopped,
        stopped_because: Some("unauthorized".to_owned()),
        broken: Some(LaneFault {
            since: at(7),
            because: "unauthorized".to_owned(),
        }),
        under_way: 0,
        oldest_at: None,
        dead: 1,
        ..busy
    };
    assert_eq!(store.lanes(at(5)).await?, std::slice::from_ref(&stopped));
    assert_eq!(store.lanes(at(6)).await?[0].dead, 0, "frozen before");
    store
        .register_destinations(&[Destination::new("webhook", "ops", b"another")], at(8))
        .await?;
    let again = LaneStatus {
        traffic: Lane::Open,
        stopped_because: None,
        broken: None,
        ..stopped
    };
    assert_eq!(store.lanes(at(5)).await?, [again]);
    store
        .register_destinations(&[], at(9))
        .await?;
    assert_eq!(store.lanes(at(5)).await?, []);
    Ok(())
}

/// Notices have their share too, the longest waiting first.
pub async fn each_destination_has_its_share_of_notices(store: &dyn Store) -> Verdict {
    let ids = with_two(store).await?;
    for (number, second) in [(1, 3), (2, 1), (3, 2)] {
        for id in ids {
            store
                .add_notices(&[notice(number, id, at(second))])
                .await?;
        }
    }
    let due = store.due_notices(at(9), 2).await?;
    for id in ids {
        let titles: Vec<_> = due
            .notices
            .iter()
            .filter(|notice| notice.destination_id == id)
            .map(|notice| notice.title.as_str())
            .collect();
        assert_eq!(titles, ["incident 2", "incident 3"]);
    }
    let first = Judged::Send(announced(&due.notices[0], at(9)));
    assert!(is_applied(store.settle(&first, at(9)).await?));
    assert_eq!(
        store
            .due_notices(at(9), MANY)
            .await?
            .notices
            .len(),
        5
    );
    Ok(())
}
