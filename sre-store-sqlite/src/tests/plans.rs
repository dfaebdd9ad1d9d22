//! How SQLite finds rows: no statement reads a table from end to end.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sqlx::{AssertSqlSafe, Row as _};

use crate::SqliteStore;

/// What may be read whole, and why: the step, and a part of the statement.
const READ_WHOLE: &[(&str, &str)] = &[
    // What the statement itself has put together.
    ("SCAN CONSTANT ROW", ""),
    ("SCAN due", "with due as"),
    ("SCAN (subquery-", "with due as"),
    ("SCAN groups", "with due as"),
    ("SCAN placed", "with due as"),
    // The names of services: each step of these finds one more, down an index.
    ("SCAN declared", "named (name) as"),
    ("SCAN depended_on", "named (name) as"),
    ("SCAN promised", "named (name) as"),
    ("SCAN measured", "named (name) as"),
    ("SCAN alerted", "named (name) as"),
    ("SCAN named", "named (name) as"),
    // The members of one composite, and theirs.
    ("SCAN w", "with recursive within"),
    // One row a destination, one row a probe.
    ("SCAN lanes", "lanes"),
    ("SCAN l", "lanes l"),
    ("SCAN collect_cursor", "select target from collect_cursor"),
    // Counted by an index that holds those that are there.
    ("SCAN slos USING", "count(*)"),
    // One row is enough.
    (
        "SCAN slo_cursor USING COVERING INDEX slo_cursor_due",
        "limit 1",
    ),
    ("SCAN slos", "select id from slos limit 1"),
    // These indexes hold what waits, and nothing that has ended.
    ("SCAN intents USING INDEX intents_", "state"),
    ("SCAN intents USING COVERING INDEX intents_", "state"),
    ("SCAN deliveries USING", "state = 'pending'"),
    (
        "SCAN n USING COVERING INDEX notices_pending",
        "state = 'pending'",
    ),
    (
        "SCAN notices USING INDEX notices_pending",
        "state = 'pending'",
    ),
    ("SCAN i USING INDEX incidents_live", "i.status in"),
    ("SCAN alerts USING INDEX alerts_missed", "alert_type"),
];

#[tokio::test]
async fn no_statement_reads_a_table_from_end_to_end() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    let statements = statements();
    assert!(statements.len() > 50, "{} statements", statements.len());
    let mut faults = Vec::new();
    for statement in statements {
        for step in plan(&store, &statement).await {
            let reads_all = step.starts_with("SCAN ") && !step.contains("VIRTUAL TABLE");
            let is_known = READ_WHOLE
                .iter()
                .any(|(known, text)| step.starts_with(known) && statement.contains(text));
            if reads_all && !is_known {
                faults.push(format!("{step}: {statement}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[tokio::test]
async fn what_workers_ask_every_second_is_answered_from_an_index() {
    let store = SqliteStore::in_memory()
        .await
        .expect("a store");
    for (asked, index) in [
        ("c.is_live = 1 and c.next_slot <= $1", "slo_cursor_due"),
        (
            "with due as materialized (\n               select alert_id",
            "intents_due",
        ),
        (
            "as place\n                 from deliveries d",
            "deliveries_due",
        ),
        (
            "a.next_action_at <= $1 and a.claim_until <= $1",
            "alerts_due",
        ),
        ("a.alert_type = $1 and a.state = $2", "alerts_open_of_type"),
        ("update collect_cursor as c", "collect_cursor_due"),
        ("and metric_name = $2 and at >= $3", "PRIMARY KEY"),
    ] {
        let statements = statements();
        let statement = statements
            .iter()
            .find(|statement| statement.contains(asked));
        let statement = statement.unwrap_or_else(|| panic!("nothing asks {asked}"));
        let plan = plan(&store, statement).await;
        assert!(
            plan.iter()
                .any(|step| step.contains(index)),
            "{asked}: {plan:#?}"
        );
    }
}

/// Every statement of the crate, as the macros wrote them down.
fn statements() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(folder).expect("the statements' folder");
    files
        .map(|file| {
            let text = fs::read_to_string(file.expect("a file").path()).expect("a file");
            let statement: serde_json::Value = serde_json::from_str(&text).expect("a statement");
            statement["query"]
                .as_str()
                .expect("a text")
                .to_owned()
        })
        .collect()
}

/// The steps by which SQLite would run the statement.
async fn plan(store: &SqliteStore, statement: &str) -> Vec<String> {
    let steps = sqlx::query(AssertSqlSafe(format!("explain query plan {statement}")))
        .fetch_all(&store.writer)
        .await
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    steps
        .iter()
        .map(|step| step.get("detail"))
        .collect()
}
