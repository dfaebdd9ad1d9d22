//! Names that nobody here asked for.

use sre_server::config::SETTINGS;

use super::{Given, fault};

#[test]
fn an_unknown_name_is_warned_of_with_the_nearest_known_one() {
    let given = Given::new(&[
        ("SRE_MONITOR_PROT", "8080"),
        ("SRE_MONITOR_FAVOURITE_COLOUR", "canary"),
        ("SOMETHING_ELSE", "x"),
    ]);
    let warnings = given.warnings();
    assert_eq!(warnings[0], "SRE_MONITOR_FAVOURITE_COLOUR is no setting");
    assert_eq!(
        warnings[1],
        "SRE_MONITOR_PROT is no setting; is SRE_MONITOR_PORT meant?"
    );
    assert_eq!(
        warnings.len(),
        3,
        "the third says that nobody is told: {warnings:?}"
    );
}

#[test]
fn what_kubernetes_sets_for_a_service_of_this_name_is_read_as_unset() {
    let links = [
        ("SRE_MONITOR_SERVICE_HOST", "10.0.0.7"),
        ("SRE_MONITOR_SERVICE_PORT", "80"),
        ("SRE_MONITOR_PORT", "tcp://10.0.0.7:80"),
        ("SRE_MONITOR_PORT_80_TCP", "tcp://10.0.0.7:80"),
        ("SRE_MONITOR_PORT_80_TCP_ADDR", "10.0.0.7"),
    ];
    let given = Given::new(&links);
    assert_eq!(given.config().server.address.port(), 8080);
    let warnings = given.warnings();
    assert!(warnings[0].contains("enableServiceLinks"), "{warnings:?}");
    assert_eq!(warnings.len(), 2, "{warnings:?}");

    let mut set = Given::new(&links);
    set.set("SRE_MONITOR_PORT", "9000");
    assert_eq!(set.config().server.address.port(), 9000);
    assert!(fault("SRE_MONITOR_PORT", "tcp://10.0.0.7:80").contains("whole number"));
}

#[test]
fn names_in_the_table_are_unique_and_its_texts_fit_their_places() {
    let mut names: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SETTINGS.len());
    for setting in SETTINGS {
        assert!(setting.meaning.ends_with('.'), "{}", setting.name);
        assert!(!setting.meaning.contains(['|', '\n']), "{}", setting.name);
    }
}

#[test]
fn a_misspelt_name_is_told_beside_the_faults() {
    let given = Given::new(&[("SRE_MONITOR_HOTS", "127.0.0.1"), ("SRE_MONITOR_PORT", "x")]);
    let faults = given
        .read()
        .expect_err("the port is wrong");
    let warnings = faults.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0]
            .to_string()
            .starts_with("SRE_MONITOR_HOTS is no setting")
    );
}
