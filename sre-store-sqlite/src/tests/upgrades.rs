//! What was stored by an older version is there after the tables have been brought up to date.

use sqlx::{Connection as _, SqliteConnection};
use sre_core::name::{AlertId, DeliveryId, IntentId};
use sre_core::notification::{Reason, Subject, ToldState};
use sre_core::store::Outbox;
use sre_store_conformance::fixtures::{at, destination};
use uuid::Uuid;

use super::open;
use crate::open::{MIGRATOR, connection};

/// The tables of the first version.
const FIRST: i64 = 202_611_230_600;

/// A page that was sent and a page that is to be tried again, as the first version wrote them.
const OF_OLD: &str = "
insert into alerts (id, dedup_key, episode, origin, service_name, alert_type, labels, transition,
                    state, state_detail, severity, message, occurrences, starts_at, destinations,
                    rules, claim_until)
values (x'00000000000000000000000000000001', x'00000000000000000000000000000009', 1, 'posted',
        'checkout', 'queue', '{}', 1, 'firing', '{}', 'high', 'it waits', 1, 1000000, '[]', '[]', 0);
insert into intents (id, alert_id, transition, destination_id, kind, due_at, created_at, state,
                     reason, sequence)
values (x'00000000000000000000000000000002', x'00000000000000000000000000000001', 1, $1, 'fire',
        1000000, 1000000, 'frozen', 'first', 1);
insert into deliveries (number, id, destination_id, alert_id, sequence, cause, body, is_resolve,
                        severity, class, is_degraded, tells, told_severity, state,
                        may_have_arrived, next_attempt_at, claim_epoch, claim_until, created_at)
values (1, x'00000000000000000000000000000003', $1, x'00000000000000000000000000000001', 1,
        'first', x'7b7d', 0, 'high', 1, 0, 'firing', 'high', 'pending', 1, 1000000, 2, 0, 1000000);
insert into delivery_intents (delivery_id, intent_id)
values (x'00000000000000000000000000000003', x'00000000000000000000000000000002');
insert into delivery_attempts (delivery_id, epoch, started_at, finished_at, result, status, detail,
                               is_possible_duplicate)
values (x'00000000000000000000000000000003', 1, 1000000, 1000001, 'unknown', null, 'reset', 0),
       (x'00000000000000000000000000000003', 2, 1000002, 1000003, 'retry', 500, 'down', 1);
";

#[tokio::test]
async fn a_message_of_the_first_version_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = connection()
        .filename(folder.path().join("store.db"))
        .create_if_missing(true);
    let mut old = SqliteConnection::connect_with(&options)
        .await
        .expect("a database");
    MIGRATOR
        .run_to(FIRST, &mut old)
        .await
        .expect("the first tables");
    let ops = destination("ops");
    let hex = ops.id.0.simple();
    let rows = OF_OLD.replace("$1", &format!("x'{hex}'"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows))
        .execute(&mut old)
        .await
        .expect("rows of old");
    old.close().await.expect("it closes");

    let store = open(folder.path()).await;
    store
        .register_destinations(&[ops], at(0))
        .await
        .expect("registered");
    let claims = store
        .claim_deliveries(at(0), at(60), 10, &[])
        .await
        .expect("claims");
    assert!(claims.faults.is_empty(), "{:?}", claims.faults);
    let [claimed] = &claims.claimed[..] else {
        panic!("{claims:?}");
    };
    assert!(claimed.is_possible_duplicate && claimed.attempts == 3 && claimed.epoch == 3);
    let delivery = &claimed.delivery;
    assert_eq!(delivery.id, DeliveryId(Uuid::from_u128(3)));
    assert!(matches!(
        &delivery.subject,
        Subject::Alerts { service_name, .. } if service_name.as_str() == "checkout"
    ));
    let [part] = delivery.parts() else {
        panic!("{delivery:?}");
    };
    let alert = AlertId(Uuid::from_u128(1));
    assert_eq!(
        (part.alert_id, part.intent_id),
        (alert, IntentId(Uuid::from_u128(2)))
    );
    assert_eq!(
        (part.reason, part.tells, part.sequence),
        (Reason::First, ToldState::Firing, 1)
    );
    let ledger = store
        .ledger(alert)
        .await
        .expect("a ledger");
    assert_eq!(ledger[0].deliveries[0].1.len(), 3, "with the tries of old");
}
