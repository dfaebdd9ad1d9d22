//! Who can reach the service, and what is not built yet.

use std::net::SocketAddr;

use super::{Given, fault};

#[test]
fn an_address_that_others_can_reach_is_refused_unless_exactly_allowed() {
    for host in ["0.0.0.0", "::", "[::]", "192.168.1.7", "::ffff:10.0.0.1"] {
        assert!(fault("SRE_MONITOR_HOST", host).contains("SRE_MONITOR_ALLOW_ANONYMOUS=true"));
        for word in ["false", "TRUE", "1", "", "yes"] {
            let given = Given::new(&[
                ("SRE_MONITOR_HOST", host),
                ("SRE_MONITOR_ALLOW_ANONYMOUS", word),
            ]);
            assert!(given.read().is_err(), "{host} {word}");
        }
        let given = Given::new(&[
            ("SRE_MONITOR_HOST", host),
            ("SRE_MONITOR_ALLOW_ANONYMOUS", "true"),
        ]);
        assert!(given.config().server.insecure, "{host}");
        assert!(given.warnings()[0].contains("may read and write"), "{host}");
    }
}

#[test]
fn loopback_in_any_writing_is_allowed() {
    for host in [
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "[::1]",
        "localhost",
        "::ffff:127.0.0.1",
    ] {
        let config = Given::new(&[("SRE_MONITOR_HOST", host), ("SRE_MONITOR_PORT", "0")]).config();
        assert!(!config.server.insecure, "{host}");
        assert_eq!(config.server.address.port(), 0);
    }
}

#[test]
fn a_host_name_or_an_address_with_a_port_is_no_address() {
    for host in ["example.org", "127.0.0.1:8080", "127.1", "0177.0.0.1"] {
        assert!(
            fault("SRE_MONITOR_HOST", host).contains("expected an IP address"),
            "{host}"
        );
    }
}

#[test]
fn the_probe_port_is_another_port_of_the_same_host() {
    let config = Given::new(&[("SRE_MONITOR_PROBE_PORT", "9001")]).config();
    let address = "127.0.0.1:9001"
        .parse::<SocketAddr>()
        .expect("address");
    assert_eq!(config.server.probe_address, Some(address));
    assert!(fault("SRE_MONITOR_PROBE_PORT", "8080").contains("same as SRE_MONITOR_PORT"));
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    for name in ["SRE_MONITOR_CONFIG", "SRE_MONITOR_API_TOKENS_FILE"] {
        assert!(
            fault(name, "/etc/sre-monitor/x").contains("not built in this version"),
            "{name}"
        );
    }
}

#[test]
fn host_names_are_names_alone() {
    let given = Given::new(&[("SRE_MONITOR_HOST_NAMES", "monitor.example.org, SRE-Monitor")]);
    assert_eq!(
        given.config().server.host_names,
        ["monitor.example.org", "sre-monitor"]
    );
    assert!(
        Given::default()
            .config()
            .server
            .host_names
            .is_empty()
    );
    for text in [
        "https://x.org",
        "x.org:8080",
        "x..org",
        "x,,y",
        "*.org",
        "x y",
        ".",
    ] {
        fault("SRE_MONITOR_HOST_NAMES", text);
    }
}
