//! The laws of [`Retention`](sre_core::store::Retention).

use sre_core::alert::{Alert, AlertType};
use sre_core::hour::Hour;
use sre_core::incident::{Belonging, IncidentState};
use sre_core::store::{
    BudgetRecord, Changes, Kept, Recollection, SlotClaim, Start, Store, StoreError,
};
use sre_core::time::Interval;

use crate::Verdict;
use crate::fixtures::{
    at, at_micros, calculation, changes, counts, destination, during, fires, fires_again, gap,
    hour, identity, incident, number, opens, resolved, sample, slo, start_of,
};
use crate::tools::{MANY, all, limit};

/// An empty store has nothing to forget.
pub async fn an_empty_store_forgets_nothing(store: &dyn Store) -> Verdict {
    for kept in Kept::ALL {
        assert_eq!(store.prune(kept, at(0), MANY).await?, 0, "{kept:?}");
    }
    Ok(())
}

/// Samples before the instant are forgotten, in batches; the one at the instant stays.
pub async fn old_samples_are_forgotten_in_batches(store: &dyn Store) -> Verdict {
    let instants = [at(0), at(1), at_micros(9, 999_999), at(10), at(11)];
    store
        .append(&instants.map(|at| sample(at, counts(1, 1))), at(-60))
        .await?;
    assert_eq!(prune_all(store, Kept::Samples, 10, 2).await?, [2, 1]);
    let first = sample(at(0), counts(1, 1));
    let left = store
        .series(&first.service_name, &first.metric_name, during(0, 60), MANY)
        .await?;
    assert_eq!(
        left.iter()
            .map(|sample| sample.at)
            .collect::<Vec<_>>(),
        [at(10), at(11)]
    );
    Ok(())
}

/// A metric of which nothing is left may become another kind.
pub async fn a_forgotten_metric_may_change_its_kind(store: &dyn Store) -> Verdict {
    store
        .append(&[sample(at(0), counts(1, 1))], at(-60))
        .await?;
    prune_all(store, Kept::Samples, 10, MANY).await?;
    let answers = store
        .append(&[sample(at(20), number(1.0))], at(-60))
        .await?;
    assert_eq!(
        answers,
        [sre_core::store::Appended::Stored { is_late: false }]
    );
    Ok(())
}

/// Fine hours that ended become one sum each, in batches, and the sum is that of the slices; the
/// revision stays, since no sum has changed.
pub async fn fine_hours_become_sums(store: &dyn Store) -> Verdict {
    let claim = claimed(store).await?;
    let fine = [-3, -2, -1].map(|n| hour(at(3_600 * n), &[(0, 9, 10), (7, 0, 0)]));
    store
        .commit(&[Changes {
            hours: fine.to_vec(),
            ..changes(&claim)
        }])
        .await?;
    assert_eq!(prune_all(store, Kept::FineSlices, -3_600, 1).await?, [1, 1]);
    let summed = |hour: &Hour| hour.summed().expect("fits");
    let expected = [summed(&fine[0]), summed(&fine[1]), fine[2].clone()];
    assert_eq!(hours(store, &claim).await?, expected);
    let next = store
        .claim_slots("a", at(600), at(660), MANY)
        .await?;
    assert_eq!(next[0].revision, claim.revision);
    Ok(())
}

/// Hours that ended are forgotten, fine or summed; one that ends at the instant has.
pub async fn old_hours_are_forgotten(store: &dyn Store) -> Verdict {
    let claim = claimed(store).await?;
    let summed = hour(at(-7_200), &[(0, 9, 10)])
        .summed()
        .expect("fits");
    let written = vec![summed, hour(at(-3_600), &[]), hour(at(0), &[(0, 1, 1)])];
    store
        .commit(&[Changes {
            hours: written.clone(),
            ..changes(&claim)
        }])
        .await?;
    assert_eq!(prune_all(store, Kept::Hours, 0, MANY).await?, [2]);
    assert_eq!(hours(store, &claim).await?, written[2..]);
    assert_eq!(prune_all(store, Kept::Hours, 3_599, MANY).await?, []);
    Ok(())
}

/// Calculations, budgets and gaps that have passed are forgotten; a gap is when its end is. What the
/// next slot knows of them stays known.
pub async fn old_history_is_forgotten(store: &dyn Store) -> Verdict {
    let claim = claimed(store).await?;
    let mut decided = changes(&claim);
    decided.calculations = [-300, -1, 0]
        .map(|second| calculation(at(second)))
        .to_vec();
    decided.gaps = vec![gap(during(-600, -300)), gap(during(-200, 1))];
    decided.budget = Some(BudgetRecord::new(at(-1), &decided.evaluation));
    store.commit(&[decided]).await?;
    let pruned = prune_all(store, Kept::History, 0, 3).await?;
    assert_eq!(pruned, [3, 1], "two calculations, a gap and a budget");
    let left = store
        .history(claim.slo.id, always(), limit(MANY))
        .await?;
    assert_eq!(left.len(), 2, "{left:?}");
    let next = store
        .claim_slots("a", at(600), at(660), MANY)
        .await?;
    assert_eq!(
        (next[0].recorded_at, next[0].budget_at),
        (Some(at(0)), Some(at(-1)))
    );
    Ok(())
}

/// Episodes that ended before the instant are forgotten with what was told of them, in batches; an
/// open one stays for ever, and so does a younger one.
pub async fn old_episodes_are_forgotten(store: &dyn Store) -> Verdict {
    let open = fires(&identity(1, AlertType::NoData), &[], at(-9_000)).alert;
    store
        .apply(&fires(&open.identity, &[], at(-9_000)))
        .await?;
    for (slo, second) in [(2, -100), (3, -50), (4, -1), (5, 0)] {
        ended(store, slo, second).await?;
    }
    assert_eq!(prune_all(store, Kept::Alerts, 0, 2).await?, [2, 1]);
    let left: Vec<Alert> = store
        .list_alerts(&<_>::default(), all())
        .await?;
    let ends: Vec<_> = left
        .iter()
        .map(Alert::ends_at)
        .collect();
    assert_eq!(ends, [Some(at(0)), None]);
    Ok(())
}

/// An episode of which somebody is still to hear is kept, however old.
pub async fn an_episode_that_is_owed_is_kept(store: &dyn Store) -> Verdict {
    let ops = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&ops), at(-500))
        .await?;
    let opened = fires(&identity(1, AlertType::BurnRate), &[ops.id], at(-500));
    store.apply(&opened).await?;
    crate::outbox::deliver_next(store, -490, None).await?;
    let read = store
        .find_alert(opened.alert.id)
        .await?
        .expect("it is stored");
    store
        .apply(&resolved(&read, at(-400)))
        .await?;
    assert_eq!(
        prune_all(store, Kept::Alerts, 0, MANY).await?,
        [],
        "the end is owed"
    );
    crate::outbox::deliver_next(store, -300, None).await?;
    assert_eq!(prune_all(store, Kept::Alerts, 0, MANY).await?, [1]);
    assert_eq!(store.ledger(opened.alert.id).await?, []);
    Ok(())
}

/// With an episode goes what was told of it: the identity may begin again at its first episode, and
/// be told as if never heard of.
pub async fn a_forgotten_episode_was_never_told(store: &dyn Store) -> Verdict {
    let ops = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&ops), at(-500))
        .await?;
    let opened = fires(&identity(1, AlertType::BurnRate), &[ops.id], at(-500));
    for (update, second) in [
        (opened.clone(), -500),
        (resolved(&opened.alert, at(-400)), -400),
    ] {
        store.apply(&update).await?;
        crate::outbox::deliver_next(store, second, None).await?;
    }
    assert_eq!(prune_all(store, Kept::Alerts, 0, MANY).await?, [1]);
    let again = fires(&opened.alert.identity, &[ops.id], at(10));
    assert!(crate::tools::is_applied(store.apply(&again).await?));
    let groups = store
        .due_groups(at(10), MANY)
        .await?
        .groups;
    assert_eq!((&groups[0].told, groups[0].sequence), (&None, 0));
    Ok(())
}

/// Forgetting an older episode leaves the newer one, and what was told of it.
pub async fn the_newer_episode_outlives_the_older(store: &dyn Store) -> Verdict {
    let first = ended(store, 1, -100).await?;
    let second = fires_again(&first, &[], at(-50)).alert;
    store
        .apply(&fires_again(&first, &[], at(-50)))
        .await?;
    assert_eq!(prune_all(store, Kept::Alerts, 0, MANY).await?, [1]);
    let latest = store
        .latest_episodes(&[first.identity.key()])
        .await?;
    assert_eq!(latest, [second]);
    Ok(())
}

/// An incident that ended long ago is forgotten with its timeline, and its alerts are in none; what
/// is not over is kept, however old.
pub async fn an_old_incident_is_forgotten(store: &dyn Store) -> Verdict {
    let alert = ended(store, 1, -300).await?;
    let mut over = opens(incident(1, at(-400)));
    over.incident.state = IncidentState::Dismissed { at: at(-1) };
    over.alerts = vec![Belonging::new(alert.id)];
    let mut edge = opens(incident(2, at(-400)));
    edge.incident.state = IncidentState::Dismissed { at: at(0) };
    let open = opens(incident(3, at(-9_000)));
    let all = [over.clone(), edge.clone(), open.clone()];
    assert!(crate::tools::is_applied(
        store.change_incidents(&all).await?
    ));
    assert_eq!(prune_all(store, Kept::Incidents, 0, 1).await?, [1]);
    let id = over.incident.id;
    assert_eq!(store.find_incident(id).await?, None);
    assert_eq!(store.recollect(id).await?, Recollection::default());
    assert_eq!(store.find_alert(alert.id).await?, Some(alert));
    for kept in [edge, open] {
        assert_eq!(
            store
                .find_incident(kept.incident.id)
                .await?,
            Some(kept.incident)
        );
    }
    Ok(())
}

/// An alert is kept as long as the incident that it belongs to.
pub async fn an_alert_is_kept_as_long_as_its_incident(store: &dyn Store) -> Verdict {
    let alert = ended(store, 1, -300).await?;
    let mut opening = opens(incident(1, at(-400)));
    opening.incident.state = IncidentState::Dismissed { at: at(-1) };
    opening.alerts = vec![Belonging::new(alert.id)];
    store
        .change_incidents(&[opening])
        .await?;
    assert!(
        prune_all(store, Kept::Alerts, 0, MANY)
            .await?
            .is_empty()
    );
    assert_eq!(prune_all(store, Kept::Incidents, 0, MANY).await?, [1]);
    assert_eq!(prune_all(store, Kept::Alerts, 0, MANY).await?, [1]);
    assert_eq!(store.find_alert(alert.id).await?, None);
    Ok(())
}

/// Prunes batch by batch until nothing is left; answers the sizes of the batches.
async fn prune_all(
    store: &dyn Store,
    kept: Kept,
    before: i64,
    limit: u32,
) -> Result<Vec<u64>, StoreError> {
    let mut pruned = Vec::new();
    loop {
        match store
            .prune(kept, at(before), limit)
            .await?
        {
            0 => return Ok(pruned),
            n => pruned.push(n),
        }
    }
}

/// The slot of a new SLO, claimed.
async fn claimed(store: &dyn Store) -> Result<SlotClaim, StoreError> {
    let slo = slo(1).build();
    store
        .insert(
            &slo,
            &Start {
                next_slot: at(0),
                ..start_of(&slo)
            },
        )
        .await?;
    let [claim] = store
        .claim_slots("a", at(0), at(60), MANY)
        .await?
        .try_into()
        .expect("one slot");
    Ok(claim)
}

async fn hours(store: &dyn Store, claim: &SlotClaim) -> Result<Vec<Hour>, StoreError> {
    let width = claim.slo.definition.slice;
    store
        .hours(claim.slo.id, claim.generation, width, always())
        .await
}

/// An episode that nobody hears of and that ended at this second.
async fn ended(store: &dyn Store, slo: u128, second: i64) -> Result<Alert, StoreError> {
    let opened = fires(&identity(slo, AlertType::NoData), &[], at(second - 5));
    let ended = resolved(&opened.alert, at(second));
    store.apply(&opened).await?;
    store.apply(&ended).await?;
    Ok(ended.alert)
}

fn always() -> Interval {
    Interval::new(at(-86_400), at(86_400))
}
