//! Texts that cannot be used: all are told, each with its bounds.

use std::ffi::OsString;

use sre_core::time::Span;
use sre_server::config::{Defaults, SETTINGS};

use super::{Given, fault};

#[test]
fn all_faults_are_told_together_in_the_order_of_the_table() {
    let faults = Given::new(&[
        ("WEBHOOK_URL", "ftp://example.org"),
        ("SRE_MONITOR_PORT", "eighty"),
        ("SLO_DEFAULT_TIME_WINDOW", "30"),
        ("DATABASE_URL", "mysql://db/x"),
    ])
    .read()
    .expect_err("four are wrong");
    let names: Vec<&str> = faults
        .iter()
        .map(|fault| fault.name.as_str())
        .collect();
    let expected = [
        "SRE_MONITOR_PORT",
        "DATABASE_URL",
        "SLO_DEFAULT_TIME_WINDOW",
        "WEBHOOK_URL",
    ];
    assert_eq!(names, expected);
    assert_eq!(faults.to_string().lines().count(), 4);
    assert!(
        faults
            .to_string()
            .starts_with("SRE_MONITOR_PORT=\"eighty\": expected a whole number from 0 to 65535\n")
    );
}

#[test]
fn an_empty_text_is_refused_whatever_the_setting() {
    for setting in SETTINGS {
        let faults = Given::new(&[(setting.name, "")]).faults();
        let own = format!("{}=\"\": is empty", setting.name);
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with(&own)),
            "{faults:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_text_that_is_not_utf8_is_refused_without_showing_it() {
    use std::os::unix::ffi::OsStringExt;

    let mut given = Given::default();
    given
        .variables
        .insert("RUST_LOG".to_owned(), OsString::from_vec(vec![b'a', 0xff]));
    assert_eq!(given.faults(), ["RUST_LOG=\"***\": is not UTF-8"]);
}

#[test]
fn a_control_character_cannot_forge_a_line() {
    let fault = fault("SRE_MONITOR_REPLICA_ID", "a\nSRE_MONITOR_HOST: fine");
    assert!(
        fault.starts_with("SRE_MONITOR_REPLICA_ID=\"a\\nSRE"),
        "{fault}"
    );
}

#[test]
fn numbers_have_bounds_and_take_neither_signs_nor_fractions() {
    for (name, text) in [
        ("SRE_MONITOR_PORT", "65536"),
        ("SRE_MONITOR_PORT", "+80"),
        ("SRE_MONITOR_PORT", "80 "),
        ("SRE_MONITOR_PROBE_PORT", "0"),
        ("DB_MAX_CONNECTIONS", "0"),
        ("DB_MAX_CONNECTIONS", "1001"),
        ("DB_MIN_CONNECTIONS", "-1"),
        ("METRICS_RETENTION_DAYS", "0"),
        ("METRICS_RETENTION_DAYS", "30.5"),
        ("METRICS_RETENTION_DAYS", "3651"),
        ("WEBHOOK_RETRY_COUNT", "101"),
        ("WEBHOOK_RETRY_COUNT", "99999999999999999999"),
        ("SRE_MONITOR_MAX_BODY_BYTES", "1023"),
        ("SRE_MONITOR_MAX_BODY_BYTES", "1MiB"),
    ] {
        assert!(
            fault(name, text).contains("expected a whole number from "),
            "{name}={text}"
        );
    }
}

#[test]
fn a_length_of_time_is_seconds_or_has_a_unit() {
    for (text, seconds) in [
        ("30", 30),
        ("30s", 30),
        ("90s", 90),
        ("5m", 300),
        ("1h", 3_600),
    ] {
        let config = Given::new(&[("SLO_VALIDATION_INTERVAL", text)]).config();
        assert_eq!(
            config.evaluation.validation_interval,
            Span::seconds(seconds),
            "{text}"
        );
    }
}

#[test]
fn an_interval_is_at_least_a_second_and_at_most_what_the_table_says() {
    for (name, text) in [
        ("SLO_VALIDATION_INTERVAL", "0"),
        ("SLO_VALIDATION_INTERVAL", "3601"),
        ("SLO_VALIDATION_INTERVAL", "500ms"),
        ("SLO_VALIDATION_INTERVAL", "1.5"),
        ("SLO_VALIDATION_INTERVAL", "-5"),
        ("SLO_VALIDATION_INTERVAL", "99999999999"),
        ("MONITORING_COLLECTION_INTERVAL", "0s"),
        ("ERROR_BUDGET_CALCULATION_INTERVAL", "25h"),
        ("PROMETHEUS_SCRAPE_INTERVAL", "2h"),
        ("SRE_MONITOR_EVALUATION_DELAY", "11m"),
        ("SLO_VIOLATION_COOLDOWN", "31d"),
        ("REQUEST_TIMEOUT", "0"),
        ("WEBHOOK_TIMEOUT", "301"),
        ("DB_CONNECTION_TIMEOUT", "1d"),
    ] {
        assert!(
            fault(name, text).starts_with(&format!("{name}=\"{text}\": ")),
            "{name}={text}"
        );
    }
}

#[test]
fn a_window_needs_its_unit_and_lies_between_two_slices_and_400_days() {
    for text in ["30", "1m", "401d", "month", "0d"] {
        fault("SLO_DEFAULT_TIME_WINDOW", text);
    }
    for (text, span) in [("2m", Span::minutes(2)), ("400d", Span::days(400))] {
        let config = Given::new(&[("SLO_DEFAULT_TIME_WINDOW", text)]).config();
        assert_eq!(config.evaluation.default_window.span(), span);
    }
}

#[test]
fn a_default_window_that_outlives_the_hour_sums_is_refused() {
    let faults = Given::new(&[
        ("SRE_MONITOR_SLICE_RETENTION_DAYS", "10,20"),
        ("SLO_DEFAULT_TIME_WINDOW", "21d"),
    ])
    .faults();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("SRE_MONITOR_SLICE_RETENTION_DAYS=\"10,20\": hour sums end"));
}

#[test]
fn slice_retention_is_two_numbers_of_days_the_second_no_smaller() {
    for text in [
        "92",
        "92,",
        "400,92",
        "0,400",
        "92,400,500",
        "92,3651",
        "a,b",
    ] {
        fault("SRE_MONITOR_SLICE_RETENTION_DAYS", text);
    }
}

#[test]
fn the_default_budget_has_the_limits_of_a_target_and_is_exact() {
    for text in [
        "0",
        "0.0",
        "100",
        "100.1",
        "-1",
        "1.0000001",
        "1e-3",
        "NaN",
        "1,0",
        "1%",
    ] {
        fault("ERROR_BUDGET_DEFAULT_PERCENTAGE", text);
    }
    for (text, ppb) in [
        ("1.0", 10_000_000),
        ("0.1", 1_000_000),
        ("0.000001", 10),
        ("99.999999", 999_999_990),
    ] {
        let config = Given::new(&[("ERROR_BUDGET_DEFAULT_PERCENTAGE", text)]).config();
        assert_eq!(
            config
                .evaluation
                .default_target
                .budget_ppb(),
            ppb,
            "{text}"
        );
    }
}

#[test]
fn burn_thresholds_must_increase_strictly() {
    let warning = "BURN_RATE_WARNING_THRESHOLD";
    let critical = "BURN_RATE_CRITICAL_THRESHOLD";
    let emergency = "BURN_RATE_EMERGENCY_THRESHOLD";
    assert!(fault(warning, "5").starts_with(critical));
    assert!(fault(critical, "10.000").starts_with(emergency));
    assert!(fault(emergency, "4.999999").contains(critical));
    for text in ["0", "-2", "NaN", "inf", "2.0000001", ""] {
        assert!(fault(warning, text).starts_with(warning), "{text}");
    }
    // Equal in floats, different as decimals.
    Given::new(&[
        (warning, "4.999999"),
        (critical, "5"),
        (emergency, "5.000001"),
    ])
    .config();
}

#[test]
fn coverage_is_a_share_from_0_to_1_to_the_thousandth() {
    for (text, permille) in [
        ("0", 0),
        ("1", 1_000),
        ("1.000000", 1_000),
        ("0.05", 50),
        ("0.5", 500),
    ] {
        let config = Given::new(&[("SRE_MONITOR_MIN_COVERAGE", text)]).config();
        assert_eq!(config.evaluation.min_coverage_permille, permille, "{text}");
    }
    for text in [
        "1.001",
        "2",
        "80",
        "-0.1",
        ".8",
        "0.",
        "0.1234",
        "NaN",
        "9999999999",
    ] {
        fault("SRE_MONITOR_MIN_COVERAGE", text);
    }
}

#[test]
fn a_log_filter_that_does_not_parse_is_refused() {
    assert!(fault("RUST_LOG", "sre_server=loud").contains("is no log filter"));
    let config = Given::new(&[("RUST_LOG", "info,sre_server=debug")]).config();
    assert_eq!(config.log.filter, "info,sre_server=debug");
}

#[test]
fn choices_and_flags_take_their_words_alone() {
    fault("SRE_MONITOR_LOG_FORMAT", "JSON");
    fault("SRE_MONITOR_DEFAULTS", "no");
    fault("SMTP_TLS", "tls");
    for text in ["True", "1", "yes", " true"] {
        fault("SRE_MONITOR_SHADOW", text);
        fault("ENABLE_WEBHOOK_ALERTS", text);
    }
    let config = Given::new(&[
        ("SRE_MONITOR_DEFAULTS", "none"),
        ("SRE_MONITOR_SHADOW", "true"),
    ]);
    assert_eq!(config.config().defaults, Defaults::None);
    assert!(config.config().shadow);
}
