//! What people and dashboards read.

use sqlx::Row as _;
use sre_core::alert::AlertType;
use sre_core::store::Alerts;
use sre_store_conformance::fixtures;

use super::{evaluate, insert};
use crate::SqliteStore;

#[tokio::test]
async fn an_open_alert_of_an_slo_is_an_active_violation() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    insert(&store, 1).await;
    let violations = || {
        sqlx::query("select slo_name, service_name, rule, state from active_slo_violations")
            .fetch_all(&store.readers)
    };
    assert_eq!(
        violations()
            .await
            .expect("the view")
            .len(),
        0
    );
    let identity = fixtures::identity(1, AlertType::BurnRate);
    let fired = fixtures::fires(&identity, &[], fixtures::at(60));
    store
        .apply(&fired)
        .await
        .expect("an episode");
    let rows = violations().await.expect("the view");
    let [row] = rows.as_slice() else {
        panic!("{} rows", rows.len())
    };
    let texts: [String; 4] = std::array::from_fn(|column| row.get(column));
    assert_eq!(texts, ["slo 1", "checkout", "burn_rate", "firing"]);
    let resolved = fixtures::resolved(&fired.alert, fixtures::at(120));
    store
        .apply(&resolved)
        .await
        .expect("its end");
    assert_eq!(
        violations()
            .await
            .expect("the view")
            .len(),
        0
    );
}

#[tokio::test]
async fn the_last_budget_of_an_slo_is_its_summary() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    insert(&store, 1).await;
    assert_eq!(evaluate(&store).await, 1);
    let row = sqlx::query("select * from error_budget_summary")
        .fetch_one(&store.readers)
        .await
        .expect("one row");
    assert_eq!(row.get::<String, _>("state"), "at_risk");
    assert_eq!(row.get::<i64, _>("bad"), 20_000_000);
    let about = |column: &str, expected: f64| {
        let found: f64 = row.get(column);
        assert!((found - expected).abs() < 1e-9, "{column} is {found}");
    };
    // 20 bad of 60,000 at 99.95 %: 30 are allowed, a third is left.
    about("sli_percentage", 100.0 * 59_980.0 / 60_000.0);
    about("remaining_percentage", 100.0 / 3.0);
}
