//! Which store, and how many connections.

use sre_server::config::StoreLocation;

use super::{Given, fault};

#[test]
fn the_scheme_of_the_database_url_picks_the_store() {
    for (text, path) in [
        ("sqlite:///var/lib/sre.db", "/var/lib/sre.db"),
        ("sqlite://here.db", "here.db"),
        ("sqlite://./a b/x.db", "./a b/x.db"),
        ("SQLITE://x.db", "x.db"),
    ] {
        let config = Given::new(&[("DATABASE_URL", text)]).config();
        assert_eq!(
            config.store.location,
            StoreLocation::Sqlite(path.into()),
            "{text}"
        );
    }
    for text in [
        "postgres://db/x",
        "postgresql://u:p@db:5432/x",
        "POSTGRES://db/x",
    ] {
        assert!(
            fault("DATABASE_URL", text).contains("PostgreSQL is not built"),
            "{text}"
        );
    }
    for text in [
        "mysql://db/x",
        "/var/lib/sre.db",
        "sqlite:x.db",
        "sqlite://",
        "sqlite::memory:",
    ] {
        assert!(
            fault("DATABASE_URL", text).contains("expected sqlite://PATH"),
            "{text}"
        );
    }
    assert!(fault("DATABASE_URL", "sqlite://:memory:").contains("lose everything"));
    assert!(fault("DATABASE_URL", "sqlite://x.db?mode=ro").contains("path alone"));
    assert!(fault("DATABASE_URL", "").contains("is empty"));
}

#[test]
fn the_data_directory_holds_the_embedded_store() {
    let given = Given::new(&[("SRE_MONITOR_DATA_DIR", "/srv/monitor")]);
    let expected = StoreLocation::Sqlite("/srv/monitor/sre-monitor.db".into());
    assert_eq!(given.config().store.location, expected);
    let both = Given::new(&[
        ("SRE_MONITOR_DATA_DIR", "/srv"),
        ("DATABASE_URL", "sqlite://x.db"),
    ]);
    assert!(both.warnings()[0].contains("SRE_MONITOR_DATA_DIR has no effect"));
}

#[test]
fn more_kept_connections_than_connections_are_refused_only_when_asked_for() {
    let given = Given::new(&[("DB_MAX_CONNECTIONS", "2")]);
    assert_eq!(
        given
            .config()
            .store
            .pool
            .min_connections,
        2
    );
    assert!(fault("DB_MIN_CONNECTIONS", "21").contains("more than DB_MAX_CONNECTIONS"));
}
