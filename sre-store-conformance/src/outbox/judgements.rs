//! Judgements: what is frozen, held back or put off.

use std::collections::BTreeSet;

use sre_core::alert::AlertType;
use sre_core::notification::Withheld;
use sre_core::store::{Judged, Store};

use super::{applied, group, groups, only_record, opened, send, tries, with_ops};
use crate::Verdict;
use crate::fixtures::{at, at_micros, fires, frozen, goes_on, identity, raised, withheld};
use crate::tools::{MANY, is_applied, taken_by_many};

/// Sending freezes the message: it takes its intents, says why and with which number, and its first
/// try has begun.
pub async fn sending_freezes_the_message(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let mut frozen = frozen(&group(store, 0).await?, at_micros(0, 1));
    frozen.delivery.body = vec![0, 255, 10, 195, 40];
    let judged = Judged::Send(frozen.clone());
    assert!(is_applied(
        store
            .settle(&judged, at_micros(0, 2))
            .await?
    ));

    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("frozen", Some("first"))
    );
    assert_eq!(record.sequence, Some(1));
    let [(delivery, attempts)] = &record.deliveries[..] else {
        panic!("{record:?}")
    };
    assert_eq!(
        (delivery.id, &delivery.body),
        (frozen.delivery.id, &frozen.delivery.body)
    );
    assert_eq!(
        (delivery.state.as_str(), &delivery.reason),
        ("pending", &None)
    );
    assert_eq!(
        (delivery.created_at, delivery.sent_at),
        (at_micros(0, 1), None)
    );
    let [attempt] = &attempts[..] else {
        panic!("{attempts:?}")
    };
    assert_eq!(
        (attempt.started_at, attempt.finished_at),
        (at_micros(0, 2), None)
    );
    assert_eq!(
        (&attempt.result, attempt.is_possible_duplicate),
        (&None, false)
    );
    Ok(())
}

/// A frozen message is claimed: nobody else tries it until that claim ends.
pub async fn a_frozen_message_is_claimed(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    send(store, 0).await?;
    assert_eq!(groups(store, 59).await?, []);
    assert_eq!(tries(store, 59).await?, []);
    assert_eq!(tries(store, 60).await?.len(), 1);
    Ok(())
}

/// Older intents that a message says everything of are superseded by it, and are not due again.
pub async fn a_message_supersedes_older_intents(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let alert = applied(store, raised(&alert, &[ops], at(0))).await?;
    send(store, 0).await?;
    let ledger = store.ledger(alert.id).await?;
    let states: Vec<&str> = ledger
        .iter()
        .map(|record| record.state.as_str())
        .collect();
    assert_eq!(states, ["superseded", "frozen"]);
    assert_eq!((ledger[0].sequence, ledger[0].deliveries.len()), (None, 0));
    assert_eq!(ledger[0].reason, None);
    Ok(())
}

/// Of two who judged the same intents the second is superseded, and nothing of theirs is stored.
pub async fn a_second_judgement_is_superseded(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let read = group(store, 0).await?;
    let first = send(store, 0).await?;
    let mut second = frozen(&read, at(1));
    second.delivery.id = crate::fixtures::resend(&second.delivery, at(1)).id;
    let judgements = [
        Judged::Send(second),
        withheld(&read, Withheld::NothingNew),
        postponed(&read, 30),
    ];
    for judged in judgements {
        assert!(
            !is_applied(store.settle(&judged, at(1)).await?),
            "{judged:?}"
        );
    }
    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("frozen", Some("first"))
    );
    assert_eq!(record.deliveries.len(), 1);
    assert_eq!(record.deliveries[0].0.id, first.delivery.id);
    assert_eq!(store.depth().await?.deliveries, 1);
    Ok(())
}

/// A judgement that lost one of its intents takes none of the others.
pub async fn a_judgement_takes_all_its_intents_or_none(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let early = group(store, 0).await?;
    let alert = applied(store, raised(&alert, &[ops], at(1))).await?;
    let late = group(store, 1).await?;
    store
        .settle(&withheld(&early, Withheld::NothingNew), at(1))
        .await?;
    for judged in [
        Judged::Send(frozen(&late, at(2))),
        withheld(&late, Withheld::Acknowledged),
        postponed(&late, 600),
    ] {
        assert!(
            !is_applied(store.settle(&judged, at(2)).await?),
            "{judged:?}"
        );
    }
    let ledger = store.ledger(alert.id).await?;
    let states: Vec<&str> = ledger
        .iter()
        .map(|record| record.state.as_str())
        .collect();
    assert_eq!(states, ["withheld", "pending"]);
    assert_eq!((ledger[1].intent.due_at, &ledger[1].reason), (at(1), &None));
    Ok(())
}

/// What is held back says by which rule, and sends nothing.
pub async fn what_is_withheld_says_why(store: &dyn Store) -> Verdict {
    let rules = [
        Withheld::NeverTold,
        Withheld::Cooldown,
        Withheld::Acknowledged,
        Withheld::NothingNew,
        Withheld::Shadow,
    ];
    with_ops(store).await?;
    for (slo, rule) in (1..).zip(rules) {
        let alert = opened(store, slo).await?;
        let judged = withheld(&group(store, 0).await?, rule);
        assert!(is_applied(store.settle(&judged, at(0)).await?));
        let record = only_record(store, &alert).await?;
        assert_eq!(
            (record.state.as_str(), record.reason.as_deref()),
            ("withheld", Some(rule.as_str()))
        );
        assert!(record.deliveries.is_empty());
    }
    Ok(())
}

/// What is put off says why, and is judged again from then on: due with whatever came meanwhile.
pub async fn what_is_postponed_is_judged_again(store: &dyn Store) -> Verdict {
    let ops = with_ops(store).await?;
    let alert = opened(store, 1).await?;
    let judged = postponed(&group(store, 0).await?, 60);
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    assert_eq!(groups(store, 59).await?, []);
    let record = only_record(store, &alert).await?;
    assert_eq!(
        (record.state.as_str(), record.reason.as_deref()),
        ("pending", Some("cooldown"))
    );
    assert_eq!(record.intent.due_at, at(60));
    assert_eq!(record.intent.created_at, at(0));
    assert_eq!(groups(store, 60).await?.len(), 1);

    applied(store, goes_on(&alert, &[ops], at(30))).await?;
    assert_eq!(
        group(store, 30).await?.intents.len(),
        2,
        "a newer intent is due: all are judged"
    );
    Ok(())
}

/// A judgement of intents that nobody stored is superseded and no error.
pub async fn a_judgement_of_unknown_intents_is_superseded(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let mut unknown = group(store, 0).await?;
    let never = fires(
        &identity(9, AlertType::NoData),
        &[unknown.destination_id],
        at(0),
    );
    unknown.intents = never.intents;
    let judgements = [
        Judged::Send(frozen(&unknown, at(0))),
        withheld(&unknown, Withheld::Cooldown),
        postponed(&unknown, 60),
    ];
    for judged in judgements {
        assert!(
            !is_applied(store.settle(&judged, at(0)).await?),
            "{judged:?}"
        );
    }
    assert_eq!(store.depth().await?.deliveries, 0);
    Ok(())
}

/// Of many who judge the same groups at the same time each group is frozen by one.
pub async fn concurrent_dispatchers_never_share_an_intent(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    for slo in 0..20 {
        opened(store, slo).await?;
    }
    let frozen_by_all = taken_by_many(4, async |_| {
        let groups = store
            .due_groups(at(0), MANY)
            .await
            .expect("groups");
        let mut taken = Vec::new();
        for group in groups.groups {
            let judged = Judged::Send(frozen(&group, at(0)));
            if is_applied(
                store
                    .settle(&judged, at(0))
                    .await
                    .expect("settles"),
            ) {
                taken.push(group.alert.id);
            }
        }
        taken
    });
    assert_eq!(frozen_by_all.len(), 20);
    assert_eq!(
        frozen_by_all
            .into_iter()
            .collect::<BTreeSet<_>>()
            .len(),
        20
    );
    assert_eq!(store.depth().await?.deliveries, 20);
    Ok(())
}

fn postponed(group: &sre_core::store::DueGroup, second: i64) -> Judged {
    let intents = group
        .intents
        .iter()
        .map(|intent| intent.id)
        .collect();
    Judged::Postpone {
        intents,
        until: at(second),
        rule: Withheld::Cooldown,
        by: None,
    }
}
